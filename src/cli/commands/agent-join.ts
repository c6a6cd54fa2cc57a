import { Option, type Command } from '@commander-js/extra-typings';
import { dirname } from 'node:path';
import { agentSocketPath } from '../../agent/local/local-protocol.ts';
import { WatchError } from '../../model/errors.ts';
import { uuidV4 } from '../../model/uuid.ts';
import type { Files } from '../../runtime/files.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { writeAuthorities, type IdentityPaths } from '../../security/identity-store.ts';
import { agentConfigText, type NewAgent } from '../machine/agent-config-text.ts';
import type { Cli } from '../cli.ts';
import { joinOptions, joinPool, profileOptions, type Joined, type Joining } from '../machine/join.ts';
import { readProfile, writeProfile } from '../machine/join-by-profile.ts';
import { note, printJson } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';

/** The longest path that a socket may have on Linux. */
const socketPathMax = 107;

type Options = Partial<Joining> &
  Pick<Joining, 'timeout' | 'wait'> & {
    readonly profile?: string;
    readonly config: string;
    readonly data: string;
    readonly policies?: string;
    readonly json?: true;
  };

/** Where everything of the new agent lies. */
interface Places {
  readonly config: string;
  readonly data: string;
  readonly policies: string;
  readonly identity: IdentityPaths;
}

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper agent join --token TOKEN --server https://wk1:7100 --server https://wk2:7100 --name web01 --config agent.yaml --data agent
  watchkeeper agent join --profile web01.profile --config agent.yaml --data agent

With a profile no server is asked now: the agent starts with the policies in it, keeps what it collects, and joins by itself
once a server answers.
`,
    )
    .addOption(profileOptions.profile)
    .addOption(profileOptions.token)
    .addOption(profileOptions.server)
    .addOption(profileOptions.name)
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
  const places = placesOf(cli, options);
  await assertFree(runtime.files, places);
  const { agent, poolName, isLater } =
    options.profile === undefined
      ? await byToken(cli, runtime, options, places)
      : await byProfile(cli, runtime, { ...options, profile: options.profile }, places);
  await runtime.files.makeDirectory(dirname(places.config), 0o755);
  await runtime.files.writeAtomic(places.config, agentConfigText(agent), 0o600);
  const { coreId, name, pool: id } = agent;
  if (options.json)
    return printJson(cli, {
      pool: { id, name: poolName },
      node: { coreId, name },
      config: places.config,
      joined: !isLater,
    });
  const done = isLater ? `is ready to join the pool ${poolName}` : `has joined the pool ${poolName}`;
  cli.stdout.write(
    `node ${name} ${done}; start its agent with:\n  watchkeeper agent run --config ${places.config}\n`,
  );
}

interface Written {
  readonly agent: NewAgent;
  readonly poolName: string;
  readonly isLater: boolean;
}

async function byToken(cli: Cli, runtime: Runtime, options: Options, places: Places): Promise<Written> {
  const { token, server, name } = options;
  if (token === undefined || server === undefined || name === undefined)
    throw new WatchError(
      'WK_BAD_REQUEST',
      'give --token, --server and --name, or --profile, which has all three',
    );
  const joined = await joinPool(cli, runtime, { ...options, token, server, name }, { kind: 'agent' });
  await makeFolders(runtime.files, places);
  await writeIdentity(runtime.files, places.identity, joined);
  const { coreId, answer } = joined;
  // The addresses that were given come first: whoever gave them knows which of them this machine can reach.
  const servers = [...new Set([...server, ...answer.servers])];
  return {
    agent: { ...places, name, coreId, pool: answer.pool.id, servers, installation: answer.installation },
    poolName: answer.pool.name,
    isLater: false,
  };
}

async function byProfile(
  cli: Cli,
  runtime: Runtime,
  options: Options & { readonly profile: string },
  places: Places,
): Promise<Written> {
  const path = resolvePath(cli, options.profile);
  const profile = await readProfile(runtime.files, path);
  const { node, pool, installation, expiresMs } = profile;
  if (options.name !== undefined && options.name !== node)
    throw new WatchError('WK_BAD_REQUEST', `${path}: is of node ${node}, not of ${options.name}`);
  if (expiresMs <= runtime.clock.wallMs())
    throw new WatchError(
      'WK_TOKEN_EXPIRED',
      `${path}: was good until ${new Date(expiresMs).toISOString()}; make a new one with \`watchkeeper agent profile\``,
    );
  await makeFolders(runtime.files, places);
  await writeProfile(runtime, places.data, places.identity, profile);
  if (!options.json) note(cli, `${path}: is a secret until ${node} has joined; remove it then`);
  const coreId = uuidV4(runtime.random.bytes(16));
  const servers = [...new Set([...(options.server ?? []), ...profile.servers])];
  return {
    agent: { ...places, name: node, coreId, pool: pool.id, servers, installation },
    poolName: pool.name,
    isLater: true,
  };
}

function placesOf(cli: Cli, options: Options): Places {
  const data = resolvePath(cli, options.data);
  return {
    config: resolvePath(cli, options.config),
    data,
    policies: options.policies === undefined ? `${data}/policies` : resolvePath(cli, options.policies),
    identity: {
      certificate: `${data}/certificate.pem`,
      key: `${data}/key.pem`,
      authorities: `${data}/authorities.pem`,
    },
  };
}

async function makeFolders(files: Files, { data, policies }: Places): Promise<void> {
  await files.makeDirectory(data, 0o700);
  await files.makeDirectory(policies, 0o700);
}

async function assertFree(files: Files, { config, data, identity }: Places): Promise<void> {
  for (const path of [config, ...Object.values(identity)])
    if ((await files.status(path)) !== null)
      throw new WatchError('WK_CONFLICT', `${path}: is there already; choose another --config and --data`);
  if (agentSocketPath(data).length > socketPathMax)
    throw new WatchError(
      'WK_BAD_REQUEST',
      `--data ${data}: the path is too long for a socket in it; choose a shorter one`,
    );
}

async function writeIdentity(files: Files, paths: IdentityPaths, { credentials }: Joined): Promise<void> {
  await files.writeAtomic(paths.key, credentials.keyPem, 0o600);
  await files.writeAtomic(paths.certificate, credentials.certificatePem, 0o644);
  await writeAuthorities(files, paths, credentials.authorityPems);
}
