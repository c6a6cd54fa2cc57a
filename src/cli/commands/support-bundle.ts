import { Option, type Command } from '@commander-js/extra-typings';
import { basename, dirname } from 'node:path';
import { textOf, WatchError } from '../../model/errors.ts';
import { Redactor } from '../../security/redact.ts';
import { bundleParts } from '../machine/support-bundle.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { knownSecrets } from '../machine/known-secrets.ts';
import { note } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';
import { withCoordinator, type Local } from '../machine/with-coordinator.ts';

type Options = { readonly config: string; readonly to: string; readonly log?: readonly string[] };

const tarTimeoutMs = 60_000;

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper support-bundle --config m1.yaml --to m1-support.tar.gz
  watchkeeper support-bundle --config m1.yaml --to m1-support.tar.gz --log /var/log/wk/m1.log

Versions, the configuration, the state of the pool, who held which role when, certificates, checks, and the ends of logs.
Keys, tokens, passwords and cookies are taken out. It names nodes, servers and addresses: look at it before you send it.
`,
    )
    .addOption(configOption())
    .addOption(new Option('--to <FILE>', 'the archive to write, .tar.gz').makeOptionMandatory())
    .option('--log <FILE...>', 'logs whose ends are taken along')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, { config, to, log = [] }: Options): Promise<void> {
  const archive = resolvePath(cli, to);
  await withCoordinator(cli, config, async (local) => {
    const { files } = local.runtime;
    if ((await files.status(archive)) !== null)
      throw new WatchError('WK_CONFLICT', `${archive}: is there already; name a file that is not`);
    const folder = `${archive}.files/${basename(archive).replace(/\.tar\.gz$|\.tgz$/, '')}`;
    await files.makeDirectory(folder, 0o700);
    try {
      const logs = log.map((path) => resolvePath(cli, path));
      const options = { configPath: resolvePath(cli, config), version: cli.version, logs };
      await writeParts(local, folder, options);
      await pack(local, folder, archive);
    } finally {
      await files.remove(dirname(folder));
    }
  });
  note(cli, `${archive} is written, without keys, tokens and passwords; look at it before you send it`);
}

async function writeParts(
  local: Local,
  folder: string,
  options: Parameters<typeof bundleParts>[1],
): Promise<void> {
  const { files } = local.runtime;
  const redactor = new Redactor(await knownSecrets(local));
  await files.makeDirectory(`${folder}/logs`, 0o700);
  for (const [name, read] of bundleParts(local, options)) {
    const text = await read().catch((error: unknown) => `this could not be had: ${textOf(error)}\n`);
    await files.writeAtomic(`${folder}/${name}`, redactor.text(text), 0o600);
  }
}

async function pack({ runtime }: Local, folder: string, archive: string): Promise<void> {
  const { files, commands } = runtime;
  // Made here, so that it is ours alone from its first byte on.
  await files.writeAtomic(archive, '', 0o600);
  const { exitCode, stderr } = await commands.run({
    file: 'tar',
    args: ['-czf', archive, '-C', dirname(folder), '--owner=0', '--group=0', '--', basename(folder)],
    timeoutMs: tarTimeoutMs,
    outputBytesMax: 10_000,
  });
  if (exitCode === 0) return;
  await files.remove(archive);
  throw new WatchError('WK_UNAVAILABLE', `tar could not write ${archive}: ${stderr.trim()}`);
}
