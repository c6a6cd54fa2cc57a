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
}

export interface CaseResult {
  readonly name: string;
  readonly runs: readonly Run[];
  readonly medianMs: number;
  readonly maxMs: number;
  readonly limitMs: number | null;
  /** What was found, where that is not ours to judge. */
  readonly measured?: boolean | undefined;
  /** In words; empty when all is as it must be. */
  readonly faults: readonly string[];
}

/** A limit is one of a median: of fewer runs than this there is none. That no two hosts answer is judged in each. */
export const runsToJudge = 5;
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
    const fromMs = monotonicMs();
    await each.inject(scene);
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
    });
  }
  return resultOf(each, done);
}

export function resultOf(
  { name, moves, silenceMsMax }: Pick<Case, 'name' | 'moves' | 'silenceMsMax'>,
  runs: readonly Run[],
): CaseResult {
  const silences = runs.map((run) => run.silenceMs);
  const faults = runs.flatMap(({ doubles }) => doubles.slice(0, 3));
  const medianMs = median(silences);
  if (moves !== null && runs.some(({ moved }) => moved !== moves))
    faults.push(moves ? 'it did not move' : 'it moved');
  const tooSlow = silenceMsMax !== null && medianMs > silenceMsMax;
  if (tooSlow && runs.length >= runsToJudge)
    faults.push(`median silence ${Math.round(medianMs)} ms, at most ${silenceMsMax} ms allowed`);
  if (runs.some(({ samples }) => samples < 20)) faults.push('too few answers were seen to prove anything');
  return { name, runs, medianMs, maxMs: Math.max(...silences), limitMs: silenceMsMax, faults };
}
