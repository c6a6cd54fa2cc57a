import { keys, roleDefinitionSchema } from '../../model/definitions.ts';
import { textOf } from '../../model/errors.ts';
import { RoleHistory } from '../../messages/role-history.ts';
import type { Files } from '../../runtime/files.ts';
import type { Credentials } from '../../runtime/network.ts';
import { readIdentityFile } from '../../security/identity-file.ts';
import { listIdentities, stateOf } from '../../security/identity-list.ts';
import { checkPrivate } from '../../security/private-files.ts';
import { etcdFiles } from '../../coordination/managed/etcd-files.ts';
import { serverPaths } from '../../server/server-paths.ts';
import { pingServer } from '../asking/ping-server.ts';
import { privatePlace } from './private-place.ts';
import type { Local } from './with-coordinator.ts';

/** One file of the bundle: its name, and how its text is had. */
export type Part = readonly [name: string, read: () => Promise<string>];

export interface BundleOptions {
  readonly configPath: string;
  readonly version: string;
  /** Files of which the end is taken along. */
  readonly logs: readonly string[];
}

const logBytesMax = 1_048_576;
const commandBytesMax = 1_048_576;
const commandTimeoutMs = 15_000;
const historyMax = 200;
const pingTimeoutMs = 5_000;

/** What of the coordinator is shown whole. Users, tokens, keys of sessions, trust and policies are not among it. */
const shown = [
  keys.pool,
  keys.servers,
  keys.witnesses,
  keys.roles,
  keys.holders,
  keys.sessions,
  keys.nodeGroups,
  keys.etcdMembers,
  keys.etcdSigns,
] as const;

/** What of the coordinator is only counted. */
const counted = [keys.nodes, keys.users, keys.userRoles, keys.policies, keys.revocations] as const;

/** Everything that goes into a bundle. What cannot be had says so in its place, and the others come all the same. */
export function bundleParts(local: Local, options: BundleOptions): Part[] {
  const { runtime, config } = local;
  const { files } = runtime;
  const { log } = etcdFiles(config.data);
  return [
    ['about.json', () => about(local, options)],
    ['config.yaml', () => files.readText(options.configPath)],
    ['pool.json', () => poolState(local)],
    ['definitions.json', () => definitions(local)],
    ['certificates.json', () => certificates(local)],
    ['role-history.json', () => roleHistory(local)],
    ['checks.json', () => checks(local, options)],
    [
      'logs/journal.txt',
      () => printed(local, 'journalctl', '-u', 'watchkeeper*', '-n', '5000', '--no-pager'),
    ],
    ['logs/etcd.log', () => tailOf(files, log)],
    ...options.logs.map((path, at): Part => [`logs/${at + 1}.log`, () => tailOf(files, path)]),
  ];
}

async function about({ runtime, config }: Local, { version }: BundleOptions): Promise<string> {
  const text = (path: string): Promise<string> =>
    runtime.files.readText(path, 10_000).catch((error: unknown) => textOf(error));
  return json({
    madeAt: new Date(runtime.clock.wallMs()).toISOString(),
    server: config.server,
    pool: config.pool,
    versions: { watchkeeper: version, ...process.versions },
    kernel: await text('/proc/version'),
    system: await text('/etc/os-release'),
    memory: await text('/proc/meminfo'),
    load: await text('/proc/loadavg'),
  });
}

/** As this server's own certificate may ask. */
async function poolState({ runtime, config }: Local): Promise<string> {
  const credentials = await ownCredentials(runtime.files, config.data);
  const { authorityPems } = credentials;
  const { body } = await runtime.network.call({
    url: `${config.url}/api/v1/pool`,
    method: 'GET',
    timeoutMs: pingTimeoutMs,
    trust: { authorityPems },
    credentials,
  });
  return json(JSON.parse(body));
}

async function ownCredentials(files: Pick<Files, 'status' | 'readText'>, data: string): Promise<Credentials> {
  return (await readIdentityFile(files, serverPaths(data).identity)).credentials;
}

async function definitions({ coordination }: Local): Promise<string> {
  const whole: Record<string, unknown> = {};
  for (const prefix of shown)
    for (const { key, value, revision } of (await coordination.list(prefix)).items)
      whole[key] = { revision, value: JSON.parse(value) as unknown };
  const counts: Record<string, number> = {};
  for (const prefix of counted) counts[prefix] = (await coordination.list(prefix)).items.length;
  return json({ whole, counts });
}

async function certificates({ runtime, coordination }: Local): Promise<string> {
  const nowMs = runtime.clock.wallMs();
  const all = await listIdentities(coordination);
  return json(all.map((one) => ({ ...one, state: stateOf(one, nowMs) })));
}

/** Out of the server's database, so that it is there also when the server does not run. */
async function roleHistory({ runtime, config, coordination }: Local): Promise<string> {
  const { items } = await coordination.list(keys.roles);
  const database = runtime.databases.open(serverPaths(config.data).database, {
    synchronous: 'normal',
    busyMs: 5_000,
    readOnly: true,
  });
  try {
    const history = new RoleHistory(database);
    const roles = items.map(({ value }) => roleDefinitionSchema.parse(JSON.parse(value)).role);
    return json(Object.fromEntries(roles.map((role) => [role, history.list(role, historyMax)])));
  } finally {
    database.close();
  }
}

async function checks(local: Local, { configPath }: BundleOptions): Promise<string> {
  const { runtime, config, coordination } = local;
  const { files } = runtime;
  const check = async (run: () => Promise<unknown>): Promise<unknown> =>
    run().catch((error: unknown) => ({ failed: textOf(error) }));
  const modes = await check(() => checkPrivate(files, privatePlace(configPath, config)));
  const found = await check(async () => {
    const names = await files.list(config.data);
    return Promise.all(
      names.map(async (name) => {
        const status = await files.status(`${config.data}/${name}`);
        return { name, kind: status?.kind, sizeBytes: status?.sizeBytes, mode: status?.mode.toString(8) };
      }),
    );
  });
  const database = await check(async () => quickCheck(local));
  const freeBytes = await check(() => files.freeBytes(config.data));
  const startedMs = runtime.clock.monotonicMs();
  const coordinator = await check(async () => {
    const item = await coordination.get(keys.pool);
    return { hasPool: item !== null, answeredMs: Math.round(runtime.clock.monotonicMs() - startedMs) };
  });
  const servers = await check(() => pings(local));
  return json({ modes, data: found, database, freeBytes, coordinator, servers });
}

function quickCheck({ runtime, config }: Local): unknown {
  const database = runtime.databases.open(serverPaths(config.data).database, {
    synchronous: 'normal',
    busyMs: 5_000,
    readOnly: true,
  });
  try {
    return database.prepare('PRAGMA quick_check(10)').all();
  } finally {
    database.close();
  }
}

async function pings({ runtime, config, coordination }: Local): Promise<unknown> {
  const credentials = await ownCredentials(runtime.files, config.data);
  const { authorityPems } = credentials;
  const { items } = await coordination.list(keys.servers);
  const urls = items.map(({ value }) => String((JSON.parse(value) as { url?: unknown }).url));
  const target = {
    servers: [],
    trust: { authorityPems },
    credentials,
    token: null,
    timeoutMs: pingTimeoutMs,
  };
  const outcomes = await Promise.all(
    urls.map(async (url) => [url, await pingServer(runtime, url, target)] as const),
  );
  return Object.fromEntries(outcomes);
}

async function printed({ runtime }: Local, file: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await runtime.commands.run({
    file,
    args,
    timeoutMs: commandTimeoutMs,
    outputBytesMax: commandBytesMax,
  });
  return stdout + stderr;
}

async function tailOf(files: Pick<Files, 'open'>, path: string): Promise<string> {
  const file = await files.open(path);
  try {
    const { sizeBytes } = await file.status();
    const from = Math.max(0, sizeBytes - logBytesMax);
    const bytes = await file.read(from, logBytesMax);
    const text = new TextDecoder().decode(bytes);
    // What is left of a line that was cut may be the half of a secret that nobody knows any more.
    return from === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    await file.close();
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
