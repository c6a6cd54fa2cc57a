import { Option, type Command } from '@commander-js/extra-typings';
import { profileAnswerSchema, type AgentProfile } from '../../model/agent-profile.ts';
import { durationText } from '../../model/duration.ts';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { downloadFile } from '../asking/depot.ts';
import { durationOption } from '../options/duration-option.ts';
import { nameOption } from '../options/name-option.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { note, printJson } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';
import { openClient } from '../asking/target.ts';

const weekMs = 7 * 86_400_000;
/** Larger files come when the agent has met its pool. */
const filesBytesMax = 16 * 1_048_576;

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addOption(
      new Option('--node <NAME>', 'what the node is to be called')
        .argParser(nameOption)
        .makeOptionMandatory(),
    )
    .option('--to <FILE>', 'the file to write (default: NAME.profile)')
    .option('--valid <DURATION>', 'for how long it can be joined with', durationOption, weekMs)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper agent profile --node web01
  watchkeeper agent join --profile web01.profile --config agent.yaml --data agent     (on the node)

Where the pool is, whom to believe, a token, the first policies with small files of the depot, and the defaults of the pool
(settings/installation.yaml, see \`config apply\`). The file is a secret until the node has joined.
`,
    )
    .action(async ({ node, to, valid, ...options }) => {
      const { files } = await cli.runtime();
      const path = resolvePath(cli, to ?? `${node}.profile`);
      if ((await files.status(path)) !== null)
        throw new WatchError('WK_CONFLICT', `${path}: is there already; name another file with --to`);
      const client = await openClient(cli, options);
      const body = { node, validMs: valid };
      const question = { method: 'POST', path: '/api/v1/agent-profiles', body, once: true } as const;
      const answer = await client.ask(question, profileAnswerSchema);
      const brought = await bring(client, answer.files);
      const profile = { ...answer.profile, files: brought };
      await files.writeAtomic(path, `${JSON.stringify(profile, null, 2)}\n`, 0o600);
      const { expiresMs } = profile;
      if (options.json)
        return printJson(cli, { node, path, policies: answer.policies, files: brought.length, expiresMs });
      const left = answer.files.length - brought.length;
      const later = left > 0 ? `; ${left} files of the depot are too large for it and come later` : '';
      note(cli, `${path}: ${answer.policies.length} policies, good for ${durationText(valid)}${later}`);
    });
}

async function bring(
  client: PoolClient,
  wanted: readonly { readonly sha256: string; readonly sizeBytes: number }[],
): Promise<AgentProfile['files']> {
  const files: AgentProfile['files'] = [];
  let bytes = 0;
  for (const { sha256, sizeBytes } of wanted) {
    if (bytes + sizeBytes > filesBytesMax) continue;
    bytes += sizeBytes;
    files.push({ sha256, base64: Buffer.from(await downloadFile(client, sha256)).toString('base64') });
  }
  return files;
}
