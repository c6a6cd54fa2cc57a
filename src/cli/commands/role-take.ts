import type { Command } from '@commander-js/extra-typings';
import { openEtcdAt } from '../../coordination/open.ts';
import { whyNoEtcd } from '../../coordination/managed/etcd-process.ts';
import { poolStatusSchema, type PoolStatus } from '../../model/api.ts';
import { keys, serverDefinitionSchema, type ServerDefinition } from '../../model/definitions.ts';
import { spanText } from '../../model/duration.ts';
import { codeOf, WatchError } from '../../model/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import { readIdentityFile } from '../../security/identity-file.ts';
import { serverConfigSchema, type ServerConfig } from '../../server/config.ts';
import { serverPaths } from '../../server/server-paths.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { knownDefinitions } from '../machine/confirm-coordinator.ts';
import { PoolClient } from '../asking/pool-client.ts';
import { note, printJson } from '../terminal/print.ts';
import { rebuildEtcd } from '../machine/rebuild-etcd.ts';
import { resolvePath } from '../resolve-path.ts';

type Options = { readonly config: string; readonly force?: true; readonly yes?: true; readonly json?: true };

/** A keeper that was away for less than half of this goes on with the etcd that it knew (`memoryOfOneMs`). */
const silentForMs = 20_000;
const lookEveryMs = 2_000;
const askMs = 2_000;
const takenWithinMs = 60_000;

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper role take acting --config m2.yaml             # says what would be done
  watchkeeper role take acting --config m2.yaml --force

For two servers without a witness, on the one that is left, when the machine that ran the only voter of the pool's etcd is lost.
It makes etcd anew here from what this server knows, so that roles can be taken again. While etcd answers, use role move.
`,
    )
    .argument('<ROLE>', 'acting, or virtual-interface/NAME')
    .addOption(configOption())
    .option('--force', 'do it')
    .option('--yes', 'ask nothing, for scripts')
    .option('--json', 'print one JSON document')
    .action((role, options) => run(cli, role, options));
}

async function run(cli: Cli, role: string, options: Options): Promise<void> {
  const runtime = await cli.runtime();
  const path = resolvePath(cli, options.config);
  const config = await readYamlFile(runtime.files, path, serverConfigSchema);
  await assertAble(runtime, config);
  const known = knownDefinitions(runtime.databases, serverPaths(config.data).database);
  if (!known.has(keys.role(role)))
    throw new WatchError('WK_NOT_FOUND', `${config.server.name} knows of no role ${role}`);
  const others = [...known]
    .filter(([key]) => key.startsWith(keys.servers) && key !== keys.server(config.server.coreId))
    .map(([, value]) => serverDefinitionSchema.parse(JSON.parse(value)));
  const ask = await asker(cli, runtime, config);
  const before = roleIn(await ask(config.url), role);
  note(cli, warning(config.server.name, others));
  if (!options.force) return note(cli, 'nothing was done; give --force to do it');
  await assertLost(runtime, config, others, ask);
  await confirm(cli, config.server.name, options.yes === true);
  const pool = await rebuildEtcd(runtime, config, known);
  const taken = await awaitTaken(runtime, config, role, ask);
  const result = { role, holder: taken.holderName, epoch: taken.epoch, lineage: pool.lineage };
  if (options.json) return printJson(cli, result);
  note(
    cli,
    `${role} is held by ${taken.holderName ?? 'nobody'} under epoch ${taken.epoch} (it was ${before?.epoch ?? 0}); server remove takes out who does not come back`,
  );
}

/** WK_CONFLICT where the pool runs no etcd itself, or this server none of it. */
async function assertAble({ commands }: Runtime, { etcd, server }: ServerConfig): Promise<void> {
  if (etcd === null)
    throw new WatchError(
      'WK_CONFLICT',
      'the pool does not run its coordinator itself (coordination: managed); bring that back, see docs/etcd.md',
    );
  const because =
    etcd.run === null ? `${server.name} has no place for a member of etcd` : await whyNoEtcd(commands);
  if (because !== null)
    throw new WatchError(
      'WK_CONFLICT',
      `${because}; see \`etcd\` in docs/etcd.md, and start the server again`,
    );
}

function warning(own: string, others: readonly ServerDefinition[]): string {
  const names = others.map(({ name }) => name).join(' and ');
  return `WARNING: this makes the pool's etcd anew on ${own}, alone, from what ${own} knows, and its roles are taken here.
Be sure that the etcd of ${names} is off, and stays so until its machine can reach ${own} again. If it still runs where nobody sees
it, both sides hold the same roles at the same time: agents and addresses may be served twice, and decisions made twice.
Messages are not at risk: both journals are kept and meet later. What was configured there and had not reached ${own} is lost.
When ${names} comes back and hears ${own}, it stops what it holds, puts its etcd aside, and joins this one by itself.`;
}

type Ask = (url: string) => Promise<PoolStatus | null>;

/** Null when nobody answers there. */
async function asker(cli: Cli, runtime: Runtime, config: ServerConfig): Promise<Ask> {
  const { credentials } = await readIdentityFile(runtime.files, serverPaths(config.data).identity);
  const trust = { authorityPems: credentials.authorityPems };
  return async (url) => {
    const target = { servers: [url], trust, credentials, token: null, timeoutMs: askMs };
    try {
      return await new PoolClient(runtime, target, cli.command).ask(
        { path: '/api/v1/pool' },
        poolStatusSchema,
      );
    } catch (error) {
      if (['WK_UNREACHABLE', 'WK_TIMEOUT', 'WK_UNAVAILABLE'].includes(codeOf(error))) return null;
      throw error;
    }
  };
}

/** Errors: WK_UNREACHABLE when this server does not run, WK_CONFLICT when etcd or another server with etcd answers. */
async function assertLost(
  runtime: Runtime,
  config: ServerConfig,
  others: readonly ServerDefinition[],
  ask: Ask,
): Promise<void> {
  const { clock, timers } = runtime;
  const etcd = await openEtcdAt(config.coordination, runtime);
  try {
    for (const endMs = clock.monotonicMs() + silentForMs; ;) {
      if ((await ask(config.url)) === null)
        throw new WatchError('WK_UNREACHABLE', `${config.server.name} does not answer; start it first`);
      if (await answers(etcd))
        throw new WatchError('WK_CONFLICT', 'etcd answers, so nothing has to be forced: use role move');
      const statuses = await Promise.all(others.map(({ url }) => ask(url)));
      const there = others.filter((_, at) => statuses[at] !== null);
      if (there[0] !== undefined && there.length === others.length)
        throw new WatchError(
          'WK_CONFLICT',
          `${there[0].name} answers, so its machine is not lost: bring its etcd back, see its etcd.log`,
        );
      if (clock.monotonicMs() >= endMs) return;
      await sleep(timers, lookEveryMs);
    }
  } finally {
    await etcd.close();
  }
}

async function answers(etcd: Awaited<ReturnType<typeof openEtcdAt>>): Promise<boolean> {
  try {
    await etcd.list(keys.pool);
    return true;
  } catch (error) {
    if (codeOf(error) === 'WK_COORDINATOR_AWAY') return false;
    throw error;
  }
}

/** WK_CONFLICT unless a person types the server's name. */
async function confirm(cli: Cli, name: string, isYes: boolean): Promise<void> {
  if (isYes) return;
  note(
    cli,
    `neither etcd nor any server that is lost answered for ${spanText(silentForMs)}; type ${name} to go on:`,
  );
  if ((await cli.readLine()) !== name)
    throw new WatchError('WK_CONFLICT', 'nothing was done; scripts give --yes');
}

function roleIn(status: PoolStatus | null, role: string): PoolStatus['roles'][number] | undefined {
  return status?.roles.find((one) => one.role === role);
}

/** WK_TIMEOUT */
async function awaitTaken(
  { clock, timers }: Runtime,
  { url }: ServerConfig,
  role: string,
  ask: Ask,
): Promise<PoolStatus['roles'][number]> {
  for (const endMs = clock.monotonicMs() + takenWithinMs; clock.monotonicMs() < endMs;) {
    const status = await ask(url);
    const held = roleIn(status, role);
    const isWell = status?.coordinator.reachable === true && status.coordinator.doubt === null;
    if (held !== undefined && isWell && held.holder !== null) return held;
    await sleep(timers, lookEveryMs / 4);
  }
  throw new WatchError(
    'WK_TIMEOUT',
    `etcd is made anew, and ${role} is not held after ${spanText(takenWithinMs)}; see pool status`,
  );
}
