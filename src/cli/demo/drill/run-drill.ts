import { codeOf, errorTable } from '../../../model/errors.ts';
import { uuidV4 } from '../../../model/uuid.ts';
import { sleep } from '../../../runtime/timing.ts';
import type { RunningDemo } from '../run-demo.ts';
import { compare, type Comparison } from './compare.ts';
import { runLoad, type Accepted } from './drill-load.ts';
import { readStored } from './read-stored.ts';
import { killActing, type Takeover } from './takeover.ts';

export interface DrillReport extends Comparison {
  /** From the kill until the virtual interface answered again. */
  readonly takeoverSeconds: number;
  readonly killed: string;
  readonly tookOver: string;
  readonly epoch: number;
  readonly because: string;
  readonly messagesPerSecond: number;
}

export interface DrillOptions {
  /** Kill the keeper too, so that the lease has to run out. */
  readonly everything: boolean;
  readonly say: (text: string) => void;
}

const perSecondEach = 200;
const beforeMs = 3_000;
const afterMs = 4_000;
const agreeMsMax = 60_000;

/** Puts the pool under load, kills the acting server, lets it come back, and counts. Null when it was stopped. */
export async function runDrill(demo: RunningDemo, options: DrillOptions): Promise<DrillReport | null> {
  const { runtime, pool, signal } = demo;
  const group = `drill-${uuidV4(runtime.random.bytes(16)).slice(0, 8)}`;
  const accepted: Accepted = new Map();
  const loadOver = new AbortController();
  const load = pool.agents.map((agent) =>
    runLoad(runtime, agent, { group, perSecond: perSecondEach, accepted }, loadOver.signal),
  );
  const startedMs = runtime.clock.monotonicMs();
  options.say(`load: ${pool.agents.length} agents, ${perSecondEach} messages/s each`);
  let takeover: Takeover;
  try {
    await sleep(runtime.timers, beforeMs, signal);
    takeover = await killActing(demo, options.everything);
    sayTakeover(takeover, options);
    await sleep(runtime.timers, afterMs, signal);
  } finally {
    loadOver.abort();
    await Promise.all(load);
  }
  const seconds = (runtime.clock.monotonicMs() - startedMs) / 1_000;
  options.say(`load is over: ${accepted.size} messages accepted by the agents`);
  const result = await untilAgreed(demo, group, accepted, options);
  return signal.aborted ? null : reportOf(takeover, result, seconds);
}

function reportOf(takeover: Takeover, result: Comparison, seconds: number): DrillReport {
  return {
    takeoverSeconds: Math.round(takeover.takeoverMs) / 1_000,
    ...result,
    killed: takeover.from,
    tookOver: takeover.to,
    epoch: takeover.epoch,
    because: takeover.because,
    messagesPerSecond: Math.round(result.sent / seconds),
  };
}

function sayTakeover({ from, to, epoch, because, takeoverMs }: Takeover, { say }: DrillOptions): void {
  say(`${from} was killed with SIGKILL while acting`);
  say(`the virtual interface answered again after ${(takeoverMs / 1_000).toFixed(3)} s`);
  say(`${to} is acting now, epoch ${epoch}: ${because}`);
}

/** Compares until nothing is missing any more, or until time is up: the last comparison counts. */
async function untilAgreed(
  { runtime, pool, signal }: RunningDemo,
  group: string,
  accepted: Accepted,
  { say }: DrillOptions,
): Promise<Comparison> {
  const deadlineMs = runtime.clock.monotonicMs() + agreeMsMax;
  let result = compare(accepted, []);
  say('waiting until every server is back and has everything');
  while (!signal.aborted && runtime.clock.monotonicMs() < deadlineMs) {
    try {
      result = compare(accepted, await readStored(runtime, pool, group));
      if (result.lost === 0) return result;
    } catch (error) {
      // The killed server may still be starting: then the next round asks it again.
      if (!errorTable[codeOf(error)].retry) throw error;
    }
    await sleep(runtime.timers, 500, signal);
  }
  return result;
}

/** The report for people. */
export function drillText(report: DrillReport): string {
  const servers = report.servers.map(({ name, stored }) => `${name} ${stored}`).join(', ');
  const verdict = isGood(report) ? 'Nothing was lost.' : 'NOT everything was kept.';
  return `takeover   ${report.takeoverSeconds} s until the virtual interface answered again (${report.killed} -> ${report.tookOver})
sent       ${report.sent} messages accepted by agents, ${report.messagesPerSecond}/s
stored     ${report.stored} on every server (${servers})
lost       ${report.lost}
doubled    ${report.doubled}
${verdict}
`;
}

export function isGood({ lost, doubled, sent }: DrillReport): boolean {
  return lost === 0 && doubled === 0 && sent > 0;
}
