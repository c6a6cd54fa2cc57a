import { execFileSync } from 'node:child_process';
import { judgeSometimes } from '../checkers/sometimes.ts';
import { shrinkList } from '../faults/shrink-list.ts';
import { outcomeOf, type Failure } from './outcome.ts';
import type { Totals } from './totals.ts';

/** Says all it takes to see it again, and which faults it really takes, found in at most `triesMax` runs. */
export async function reportFailure(failure: Failure, triesMax: number): Promise<void> {
  const { task, invariant, message, plan } = failure;
  for (const line of failure.traceLines) console.log(`  ${line}`);
  console.log(`VIOLATION ${message}`);
  const mutant = task.mutant === null ? '' : ` --mutant '${task.mutant}'`;
  const minutes = task.faultsMs / 60_000;
  console.log(`commit ${commitText()}; again: npm run simulate -- --scenario ${task.scenario} --seed ${task.seed} --minutes ${minutes}${mutant}`); // prettier-ignore
  if (triesMax === 0) return;
  const failsAlike = async (shorter: typeof plan): Promise<boolean> => {
    const outcome = await outcomeOf({ ...task, verbose: false, plan: shorter });
    return outcome.kind === 'failed' && outcome.failure.invariant === invariant;
  };
  const { list, runs } = await shrinkList(plan, failsAlike, triesMax);
  console.log(`${list.length} of ${plan.length} faults are enough (${runs} runs):`);
  for (const fault of list) console.log(`  ${JSON.stringify(fault)}`);
}

/** Which code it is that runs. */
export function commitText(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  try {
    const dirty = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ', with changes';
    return git('rev-parse', '--short', 'HEAD') + dirty;
  } catch {
    return 'unknown (no git here)';
  }
}

/** Answers how many rare states a run of this length had to show and did not. */
export function reportSometimes(totals: Totals): number {
  const judged = judgeSometimes(
    (scenario) => totals.of(scenario).fired,
    (scenario) => totals.of(scenario).hours,
  ).filter(({ state }) => totals.of(state.scenario).hours > 0);
  for (const { state, count, missing } of judged) {
    const word = missing ? 'NEVER  ' : count > 0 ? 'seen   ' : 'not yet';
    console.log(`${word} ${String(count).padStart(6)}  ${state.name} (${state.scenario})`);
  }
  return judged.filter(({ missing }) => missing).length;
}
