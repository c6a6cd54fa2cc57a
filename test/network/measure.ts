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
  readonly medianMs: number;
  readonly maxMs: number;
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
/** Limits up to this are about a few processes one after the other, each of which waits for its turn on a busy machine. */
const quickMs = 200;
/** With less than this left of the machine, times say more about what else ran on it. Judged is then that no two hosts answer. */
const idleMin = { quick: 0.25, other: 0.05 } as const;
const beforeMs = 300;
const afterMs = 1_500;

export async function runCase(
  each: Case,
  {
    pool,
    watch,
    role,
    short,
    runs,
  }: { pool: NetworkPool; watch: Watch; role: string; short: boolean; runs: number },
): Promise<CaseResult> {
  const done: Run[] = [];
  for (let run = 0; run < runs; run += 1) {
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
    done.push({
      silenceMs: silenceMs(watch.answersMs, fromMs - 50, untilMs),
      moved: after?.name !== before.name || after.epoch !== before.epoch,
      doubles: twoHosts(watch.hosts),
      samples: watch.hosts.length,
      neighbourSamples: watch.hosts.filter(({ by }) => by !== 'tcp').length,
      problem,
      idle: idle(),
    });
  }
  return resultOf(each, done);
}

export function resultOf(
  { name, moves, silenceMsMax }: Pick<Case, 'name' | 'moves' | 'silenceMsMax'>,
  runs: readonly Run[],
): CaseResult {
  const silences = runs.map((run) => run.silenceMs);
  const faults = runs.flatMap(({ doubles, problem }) => [
    ...doubles.slice(0, 3),
    ...(problem === null ? [] : [problem]),
  ]);
  const medianMs = median(silences);
  if (moves !== null && runs.some(({ moved }) => moved !== moves))
    faults.push(moves ? 'it did not move' : 'it moved');
  const tooSlow = silenceMsMax !== null && medianMs > silenceMsMax;
  const idle = median(runs.map((run) => run.idle));
  const isQuick = silenceMsMax !== null && silenceMsMax <= quickMs;
  const unjudged =
    runs.length < runsToJudge
      ? `of fewer than ${runsToJudge} runs`
      : idle < (isQuick ? idleMin.quick : idleMin.other)
        ? `on a machine that had ${Math.round(idle * 100)} % left`
        : null;
  if (tooSlow && unjudged === null)
    faults.push(`median silence ${Math.round(medianMs)} ms, at most ${silenceMsMax} ms allowed`);
  if (runs.some(({ samples, neighbourSamples }) => samples < 20 || neighbourSamples < 10))
    faults.push('too few answers were seen to prove anything');
  const maxMs = Math.max(...silences);
  return { name, runs, medianMs, maxMs, limitMs: silenceMsMax, idle, unjudged, faults };
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
