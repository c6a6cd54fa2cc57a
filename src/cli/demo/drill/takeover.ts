import { openCoordination } from '../../../coordination/open.ts';
import { keys, sessionSchema } from '../../../model/definitions.ts';
import { poolStatusSchema } from '../../../model/api.ts';
import { WatchError } from '../../../model/errors.ts';
import { readYamlFile } from '../../../runtime/yaml-file.ts';
import { serverConfigSchema } from '../../../server/config.ts';
import { sleep } from '../../../runtime/timing.ts';
import { PoolClient } from '../../asking/pool-client.ts';
import { demoTarget } from '../pool-watch.ts';
import type { RunningDemo } from '../run-demo.ts';
import { actingOf } from '../facts.ts';

export interface Takeover {
  readonly from: string;
  readonly to: string;
  readonly epoch: number;
  readonly because: string;
  /** From the kill to the first answer at the virtual interface. */
  readonly takeoverMs: number;
}

const probeEveryMs = 5;
const probeMsMax = 250;
const takeoverMsMax = 30_000;

/**
 * Kills the acting server's process with SIGKILL, its keeper as well when `everything`, and measures until the
 * virtual interface answers again. The demo's own supervision and the keeper restart what was killed.
 */
export async function killActing(demo: RunningDemo, everything: boolean): Promise<Takeover> {
  const { runtime, processes } = demo;
  const before = await actingNow(demo);
  const ids = await serverProcesses(demo, before.coreId);
  if (ids.length === 0) throw new WatchError('WK_NOT_FOUND', `${before.name} has no server process to kill`);
  const startedMs = runtime.clock.monotonicMs();
  if (everything) processes.kill(before.name);
  for (const id of ids) runtime.commands.end(id);
  await untilAnswered(demo);
  const takeoverMs = runtime.clock.monotonicMs() - startedMs;
  const after = await actingNow(demo);
  return { from: before.name, to: after.name, epoch: after.epoch, because: after.because, takeoverMs };
}

async function actingNow(
  demo: RunningDemo,
): Promise<{ coreId: string; name: string; epoch: number; because: string }> {
  const { runtime, pool } = demo;
  const client = new PoolClient(runtime, await demoTarget(runtime, pool, [pool.virtualUrl]), 'demo');
  const acting = actingOf(await client.ask({ path: '/api/v1/pool' }, poolStatusSchema));
  if (!acting?.holder) throw new WatchError('WK_UNAVAILABLE', 'no server is acting');
  const { holder, holderName, epoch, because } = acting;
  return { coreId: holder, name: holderName ?? holder, epoch, because };
}

/** What a server's session says of its processes; the coordinator is a file here. */
async function serverProcesses({ runtime, pool }: RunningDemo, coreId: string) {
  const configPath = pool.servers[0]?.configPath ?? '';
  const config = await readYamlFile(runtime.files, configPath, serverConfigSchema);
  const coordination = await openCoordination(config.coordination, runtime);
  try {
    const item = await coordination.get(keys.session(coreId));
    return item === null ? [] : sessionSchema.parse(JSON.parse(item.value)).processes;
  } finally {
    await coordination.close();
  }
}

async function untilAnswered({ runtime, pool, signal }: RunningDemo): Promise<void> {
  const { clock, network, timers, files } = runtime;
  const { trust } = await demoTarget({ files }, pool, []);
  const deadlineMs = clock.monotonicMs() + takeoverMsMax;
  while (clock.monotonicMs() < deadlineMs && !signal.aborted) {
    try {
      const url = `${pool.virtualUrl}/healthz`;
      const { status } = await network.call({ url, method: 'GET', timeoutMs: probeMsMax, trust });
      if (status === 200) return;
    } catch (error) {
      // Refused, cut off, too slow: not answered yet, which is what is being measured.
      if (!(error instanceof WatchError)) throw error;
    }
    await sleep(timers, probeEveryMs, signal);
  }
  throw new WatchError('WK_TIMEOUT', `${pool.virtualUrl} did not answer within ${takeoverMsMax / 1_000} s`);
}
