import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../../bench/statistics.ts';
import { until } from '../pool/real-pool.ts';
import type { Case } from './cases.ts';
import { silenceMs, twoHosts } from './judge-answers.ts';
import { monotonicMs } from './monotonic.ts';
import type { NetworkPool } from './network-pool.ts';
import type { Watch } from './watch.ts';

/** What one run of a case showed. */
export interface Run {
  readonly silenceMs: number;
  readonly moved: boolean;
  readonly doubles: readonly string[];
  /** How often a host was seen to answer, by whichever way. */
  readonly samples: number;
  /** The same without TCP: by ARP or neighbour discovery. */
  readonly neighbourSamples: number;
  /** What the case itself found to be wrong. */
  readonly problem: string | null;
  /** The part of the machine's time that nobody used while it ran: with none left, a short silence measures the others. */
  readonly idle: number;
}

export interface CaseResult {
  readonly name: string;
  readonly runs: readonly Run[];
  /** How often all runs were made: more than once where the first series was too slow. */
  readonly seriesRun?: number;
  /** Of the quickest series. */
  readonly medianMs: number;
  readonly maxMs: number;
  /** As it is on an idle machine, times what this one's being in use makes of it. */
  readonly limitMs: number | null;
  /** As in `Run`, the median. */
  readonly idle?: number;
  /** Why the limit was not judged; null where it was. */
  readonly unjudged?: string | null;
  /** What was found, where that is not ours to judge. */
  readonly measured?: boolean | undefined;
  /** In words; empty when all is as it must be. */
  readonly faults: readonly string[];
}

/** A limit is one of a median: of fewer runs than this there is none. That no two hosts answer is judged in each. */
export const runsToJudge = 5;
/** Limits up to this are about a dozen processes one after the other, each of which waits for its turn on a busy machine. */
const quickMs = 200;
/** With less than this left of the machine, times say more about what else ran on it. Judged is then that no two hosts answer. */
const idleMin = 0.05;
/**
 * Whatever else a machine does only ever adds time. So a median that is too long is taken anew so often, and the shortest of them counts;
 * that there were several is told.
 */
const seriesMax = 3;
const beforeMs = 300;
const afterMs = 1_500;

interface Scenery {
  readonly pool: NetworkPool;
  readonly watch: Watch;
  readonly role: string;
  readonly short: boolean;
}

/** Runs a case so often, and all of it again while nothing but its median is wrong. */
export async function runCase(
  each: Case,
  { runs, ...scenery }: Scenery & { runs: number },
): Promise<CaseResult> {
  const series: Run[][] = [];
  while (series.length < seriesMax) {
    const done: Run[] = [];
    for (let run = 0; run < runs; run += 1) done.push(await runOnce(each, scenery));
    series.push(done);
    const { isOnlySlow } = resultOf(each, series);
    if (!isOnlySlow) break;
  }
  return resultOf(each, series);
}

async function runOnce(each: Case, { pool, watch, role, short }: Scenery): Promise<Run> {
  await pool.settled();
  await until(
    'the client is answered',
    () => monotonicMs() - (watch.answersMs.at(-1) ?? 0) < 100,
    20_000,
    20,
  );
  const before = await pool.holderOf(role);
  if (before === null) throw new Error(`nobody holds ${role}`);
  watch.clear();
  await sleep(beforeMs);
  const scene = { pool, role, holder: before.name, short };
  const idle = idleShare();
  const fromMs = monotonicMs();
  const problem = (await each.inject(scene)) ?? null;
  if (each.moves === true)
    await until(
      'another server holds it',
      async () => (await pool.holderOf(role))?.name !== before.name,
      20_000,
      50,
    );
  await each.mend?.(scene);
  await until(
    'the client is answered again',
    () => (watch.answersMs.at(-1) ?? 0) > monotonicMs() - 50,
    20_000,
    20,
  );
  await sleep(afterMs);
  const untilMs = monotonicMs();
  const after = await pool.holderOf(role);
  return {
    silenceMs: silenceMs(watch.answersMs, fromMs - 50, untilMs),
    moved: after?.name !== before.name || after.epoch !== before.epoch,
    doubles: twoHosts(watch.hosts),
    samples: watch.hosts.length,
    neighbourSamples: watch.hosts.filter(({ by }) => by !== 'tcp').length,
    problem,
    idle: idle(),
  };
}

/** Of one series of runs or several. Everything counts but time: there the quickest series does. */
export function resultOf(
  { name, moves, silenceMsMax }: Pick<Case, 'name' | 'moves' | 'silenceMsMax'>,
  series: readonly (readonly Run[])[],
): CaseResult & { isOnlySlow: boolean } {
  const runs = series.flat();
  const silences = runs.map((run) => run.silenceMs);
  const faults = runs.flatMap(({ doubles, problem }) => [
    ...doubles.slice(0, 3),
    ...(problem === null ? [] : [problem]),
  ]);
  if (moves !== null && runs.some(({ moved }) => moved !== moves))
    faults.push(moves ? 'it did not move' : 'it moved');
  if (runs.some(({ samples, neighbourSamples }) => samples < 20 || neighbourSamples < 10))
    faults.push('too few answers were seen to prove anything');
  const medianMs = Math.min(...series.map((some) => median(some.map((run) => run.silenceMs))));
  const idle = median(runs.map((run) => run.idle));
  const runsEach = Math.min(...series.map(({ length }) => length));
  const left = `${Math.round(idle * 100)} % left`;
  const unjudged =
    runsEach < runsToJudge
      ? `of fewer than ${runsToJudge} runs`
      : idle < idleMin
        ? `on a machine that had ${left}`
        : null;
  const limitMs = silenceMsMax === null ? null : Math.round(silenceMsMax * stretch(silenceMsMax, idle));
  const tooSlow = limitMs !== null && medianMs > limitMs;
  const isOnlySlow = tooSlow && unjudged === null && faults.length === 0;
  if (tooSlow && unjudged === null)
    faults.push(`median silence ${Math.round(medianMs)} ms, at most ${limitMs} ms allowed with ${left}`);
  const maxMs = Math.max(...silences);
  const { length: seriesRun } = series;
  return {
    name,
    runs,
    seriesRun,
    medianMs,
    maxMs,
    limitMs,
    idle,
    unjudged,
    faults,
    isOnlySlow,
  };
}

/**
 * By how much what is quick takes longer on a machine in use: two cores serve one queue, and with the part ρ of them in use a process
 * is done after 1 / (1 - ρ²) times its own time (M/M/2). What takes seconds waits for clocks, not for a turn.
 */
export function stretch(limitMs: number, idle: number): number {
  return limitMs > quickMs ? 1 : 1 / (1 - (1 - Math.max(idle, idleMin)) ** 2);
}

/** Asked later, the part of this machine's time that nobody used since. */
export function idleShare(): () => number {
  const before = cpuTimes();
  return () => {
    const now = cpuTimes();
    return (now.idle - before.idle) / Math.max(1, now.all - before.all);
  };
}

function cpuTimes(): { idle: number; all: number } {
  const times = os.cpus().map(({ times }) => times);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((each) => Object.values(each))) };
}
