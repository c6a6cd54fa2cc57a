import { Option, type Command } from '@commander-js/extra-typings';
import { dirname } from 'node:path';
import { agentSocketPath } from '../../agent/local/local-protocol.ts';
import { WatchError } from '../../model/errors.ts';
import type { Files } from '../../runtime/files.ts';
import { writeAuthorities } from '../../security/identity-store.ts';
import { agentConfigText } from '../agent-config-text.ts';
import type { Cli } from '../cli.ts';
import { joinOptions, joinPool, type Joined, type Joining } from '../join.ts';
import { printJson } from '../print.ts';
import { resolvePath } from '../resolve-path.ts';

/** The longest path that a socket may have on Linux. */
const socketPathMax = 107;

interface Options extends Joining {
  readonly config: string;
  readonly data: string;
  readonly policies?: string;
  readonly json?: true;
}

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper agent join --token TOKEN --server https://wk1:7100 --server https://wk2:7100 --name web01 --config agent.yaml --data agent
`,
    )
    .addOption(joinOptions.token)
    .addOption(joinOptions.server)
    .addOption(joinOptions.name)
    .addOption(new Option('--config <FILE>', 'the configuration to write').makeOptionMandatory())
    .addOption(new Option('--data <DIR>', 'the folder for its buffer and keys').makeOptionMandatory())
    .option('--policies <DIR>', 'the folder of its policies (default: policies in --data)')
    .addOption(joinOptions.timeout)
    .addOption(joinOptions.wait)
    .option('--json', 'print one JSON document')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, options: Options): Promise<void> {
  const runtime = await cli.runtime();
  const { files } = runtime;
  const config = resolvePath(cli, options.config);
  const data = resolvePath(cli, options.data);
  const policies = options.policies === undefined ? `${data}/policies` : resolvePath(cli, options.policies);
  const identity = {
    certificate: `${data}/certificate.pem`,
    key: `${data}/key.pem`,
    authorities: `${data}/authorities.pem`,
  };
  await assertFree(files, [config, ...Object.values(identity)], data);
  const joined = await joinPool(cli, runtime, options, { kind: 'agent' });
  await files.makeDirectory(data, 0o700);
  await files.makeDirectory(policies, 0o700);
  await files.makeDirectory(dirname(config), 0o755);
  await writeIdentity(files, identity, joined);
  const { coreId, answer } = joined;
  // The addresses that were given come first: whoever gave them knows which of them this machine can reach.
  const servers = [...new Set([...options.server, ...answer.servers])];
  const text = agentConfigText({
    name: options.name,
    coreId,
    pool: answer.pool.id,
    servers,
    data,
    identity,
    policies,
  });
  await files.writeAtomic(config, text, 0o600);
  if (options.json)
    return printJson(cli, { pool: answer.pool, node: { coreId, name: options.name }, config });
  cli.stdout.write(
    `node ${options.name} has joined the pool ${answer.pool.name}; start its agent with:\n  watchkeeper agent run --config ${config}\n`,
  );
}

async function assertFree(files: Files, paths: readonly string[], data: string): Promise<void> {
  for (const path of paths)
    if ((await files.status(path)) !== null)
      throw new WatchError('WK_CONFLICT', `${path}: is there already; choose another --config and --data`);
  if (agentSocketPath(data).length > socketPathMax)
    throw new WatchError(
      'WK_BAD_REQUEST',
      `--data ${data}: the path is too long for a socket in it; choose a shorter one`,
    );
}

async function writeIdentity(
  files: Files,
  paths: { readonly certificate: string; readonly key: string; readonly authorities: string },
  { credentials }: Joined,
): Promise<void> {
  await files.writeAtomic(paths.key, credentials.keyPem, 0o600);
  await files.writeAtomic(paths.certificate, credentials.certificatePem, 0o644);
  await writeAuthorities(files, paths, credentials.authorityPems);
}
