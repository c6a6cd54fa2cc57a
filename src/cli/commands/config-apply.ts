import type { Command } from '@commander-js/extra-typings';
import type { ConfigPlan } from '../../definitions/plan-config.ts';
import { depotFileContentSchema } from '../../model/depot.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { applyPlan } from '../asking/apply-plan.ts';
import { planDocument, printPlan } from '../asking/config.ts';
import { readDepot, readLocalFile, uploadFile } from '../asking/depot.ts';
import { Interrupted } from '../interrupted.ts';
import { planFolder, type FolderPlan } from '../files/plan-folder.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { note, printJson, stdoutStyle } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { Progress } from '../terminal/progress.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<DIR>', 'the folder, as `config export` writes it')
    .option('--dry-run', 'only show what would be done')
    .option('--prune', 'remove what the files do not have, of the kinds that watchkeeper.yaml lists')
    .option('--no-deploy', 'send agents nothing of it until `policy deploy --all`')
    .addHelpText(
      'before',
      `Examples:
  watchkeeper config apply ./pool --dry-run
  watchkeeper config apply ./pool --prune

Makes the pool as the files say. All files are checked first, and the whole plan; what somebody else changed meanwhile is not
overwritten. Up to 60 changes are one transaction; a larger plan goes on by itself when the coordinator was away for a
moment, and when the command is run again after it was interrupted.
`,
    )
    .action(async (folder, options) => {
      const client = await openClient(cli, options);
      const plan = await planFolder(cli, client, folder, options.prune ? 'always' : 'never');
      const style = stdoutStyle(cli, options);
      if (!options.json) printPlan(cli, plan, style);
      const isDry = options.dryRun ?? false;
      const revision = isDry ? null : await apply(cli, client, plan, !options.deploy);
      if (options.json) printJson(cli, { ...planDocument(plan), dryRun: isDry, revision });
      else if (!isDry && plan.changes.length > 0) note(cli, doneText(plan, options.deploy));
    });
}

/** The revision of the last change; null where there was nothing to do. */
async function apply(cli: Cli, client: PoolClient, plan: FolderPlan, hold: boolean): Promise<number | null> {
  const { clock, timers } = await cli.runtime();
  const signal = cli.stopSignal();
  await bringFiles(cli, client, plan);
  const total = plan.changes.length;
  const progress = new Progress(cli, clock, (done) => `${done} of ${total} changes applied`);
  try {
    const { done, revision } = await applyPlan(client, plan.changes, {
      timers,
      signal,
      hold,
      onDone: (count) => progress.at(count),
      onPause: (why) => note(cli, `${safeText(why)}; it goes on in a moment`),
    });
    if (done === total) return revision;
    progress.end();
    note(cli, `stopped: ${done} of ${total} changes are applied; the same command goes on from here`);
    throw new Interrupted();
  } finally {
    progress.end();
  }
}

/** The bytes come first: a definition counts only when enough servers have what it names. */
async function bringFiles(cli: Cli, client: PoolClient, { changes, depotPaths }: FolderPlan): Promise<void> {
  const wanted = changes.filter(({ kind, content }) => kind === 'depot-file' && content !== null);
  if (wanted.length === 0) return;
  const { clock, files } = await cli.runtime();
  const there = new Set((await readDepot(client)).files.map(({ sha256 }) => sha256));
  const progress = new Progress(cli, clock, (done) => `${done} of ${wanted.length} files sent`);
  for (const [at, { name, content }] of wanted.entries()) {
    const { sha256 } = depotFileContentSchema.parse(content);
    const path = depotPaths.get(name) ?? '';
    if (!there.has(sha256))
      await uploadFile(client, { sha256, bytes: (await readLocalFile(files, path)).bytes });
    progress.at(at + 1);
  }
  progress.end();
}

function doneText({ changes }: ConfigPlan, isDeployed: boolean): string {
  const added = changes.filter(({ kind, what }) => kind === 'user' && what === 'create');
  const links = added.map(({ name }) => `; user ${name} has no password: \`watchkeeper user link ${name}\``);
  const held = isDeployed ? '' : '; agents get it with `watchkeeper policy deploy --all`';
  const count = changes.length === 1 ? '1 change' : `${changes.length} changes`;
  return `${count} applied${held}${links.slice(0, 5).join('')}`;
}
