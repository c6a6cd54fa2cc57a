import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { resolvePath } from '../resolve-path.ts';
import { consoleAddress } from './console-address.ts';
import { demoPool, type DemoPool } from './demo-pool.ts';
import { DemoProcesses } from './demo-processes.ts';
import type { DemoView } from './demo-view.ts';
import { findPorts } from './find-ports.ts';
import { PoolWatch } from './pool-watch.ts';
import type { Presenter } from './presenter.ts';
import { startPool } from './start-pool.ts';

export interface RunningDemo {
  readonly runtime: Runtime;
  readonly pool: DemoPool;
  readonly processes: DemoProcesses;
  readonly watch: PoolWatch;
  readonly signal: AbortSignal;
  /** Of the console, with what it takes to be let in. */
  readonly consoleUrl: string;
}

export interface DemoOptions {
  /** A folder that is kept; a temporary one that is removed when left out. */
  readonly data?: string | undefined;
  readonly say: (text: string) => void;
}

const readyMsMax = 30_000;
const lookEveryMs = 500;

/**
 * Starts the whole pool, runs `body` in it, and takes everything down again, whatever happens: no process and, without
 * `data`, no file stays. Errors: WK_CONFLICT when `data` is in use, WK_TIMEOUT when something does not come up.
 */
export async function withDemo<T>(
  cli: Cli,
  { data, say }: DemoOptions,
  body: (demo: RunningDemo) => Promise<T>,
): Promise<T | null> {
  const runtime = await cli.runtime();
  const signal = cli.stopSignal();
  const folder = await makeFolder(cli, runtime, data);
  const processes = new DemoProcesses(runtime);
  try {
    const pool = demoPool(folder, await findPorts(runtime.network, 4));
    await startPool({ cli, runtime, pool, processes, signal, say });
    const watch = await PoolWatch.open(runtime, pool);
    const demo = { runtime, pool, processes, watch, signal };
    await untilUp(demo);
    if (signal.aborted) return null;
    return await body({ ...demo, consoleUrl: await consoleAddress(cli, pool) });
  } finally {
    await processes.stop();
    if (data === undefined) await runtime.files.remove(folder);
  }
}

/** The live picture, until Ctrl-C. */
export async function showDemo(demo: RunningDemo, presenter: Presenter, ending: string): Promise<void> {
  const { runtime, signal, watch } = demo;
  const startedMs = runtime.clock.wallMs();
  while (!signal.aborted) {
    await watch.look();
    presenter.show(viewOf(demo, startedMs, ending));
    await sleep(runtime.timers, lookEveryMs, signal);
  }
}

function viewOf(
  { runtime, pool, processes, watch, consoleUrl }: RunningDemo,
  startedMs: number,
  ending: string,
): DemoView {
  return {
    startedMs,
    nowMs: runtime.clock.wallMs(),
    ...watch.known,
    processes: processes.all,
    consoleUrl,
    connect: connectCommands(pool),
    ending,
  };
}

function connectCommands({ folder, agents }: DemoPool): string[] {
  return [
    `XDG_CONFIG_HOME=${folder} npx watchkeeper message list --follow`,
    `npx watchkeeper message send --config ${agents[0]?.configPath ?? ''} --severity major --text hello`,
  ];
}

async function untilUp({ runtime, pool, watch, signal }: Omit<RunningDemo, 'consoleUrl'>): Promise<void> {
  const deadlineMs = runtime.clock.monotonicMs() + readyMsMax;
  for (;;) {
    await watch.look();
    const missing = watch.missing(pool);
    if (missing === null || signal.aborted) return;
    if (runtime.clock.monotonicMs() > deadlineMs)
      throw new WatchError('WK_TIMEOUT', `the demo did not come up in ${readyMsMax / 1_000} s: ${missing}`);
    await sleep(runtime.timers, 100, signal);
  }
}

async function makeFolder(cli: Cli, { files, random }: Runtime, data: string | undefined): Promise<string> {
  const drawn = Buffer.from(random.bytes(4)).toString('hex');
  const folder =
    data === undefined
      ? `${cli.environment['TMPDIR'] ?? '/tmp'}/watchkeeper-demo-${drawn}`
      : resolvePath(cli, data);
  if (data !== undefined && (await files.status(folder)) !== null && (await files.list(folder)).length > 0)
    throw new WatchError('WK_CONFLICT', `${folder} is not empty; the demo begins with an empty folder`);
  await files.makeDirectory(folder, 0o700);
  return folder;
}
