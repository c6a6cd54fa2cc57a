import type { Fault } from '../faults/fault.ts';
import { runSeed, SeedFailure, type Scenario, type SeedResult } from '../scenarios/scenario.ts';
import { scenarios } from '../scenarios/scenarios.ts';

/** One seed to run; it and the outcome are plain data, since they travel between processes. */
export interface Task {
  readonly scenario: string;
  readonly seed: number;
  readonly faultsMs: number;
  readonly verbose: boolean;
  readonly mutant: string | null;
  /** Instead of the plan that the seed draws. */
  readonly plan: readonly Fault[] | null;
}

export interface Failure {
  readonly task: Task;
  readonly message: string;
  readonly invariant: string;
  readonly traceLines: readonly string[];
  readonly plan: readonly Fault[];
}

export type Outcome = { readonly cpuMs: number } & (
  | { readonly kind: 'passed'; readonly result: SeedResult }
  | { readonly kind: 'failed'; readonly failure: Failure }
);

export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (!found) throw new RangeError(`there is no scenario ${name}`);
  return found;
}

export async function outcomeOf(task: Task): Promise<Outcome> {
  const before = process.cpuUsage();
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  try {
    const result = await runSeed(scenarioNamed(task.scenario), task.seed, task);
    return { kind: 'passed', result, cpuMs: cpuMs() };
  } catch (error) {
    if (!(error instanceof SeedFailure)) throw error;
    const { message, invariant, traceLines, plan } = error;
    return { kind: 'failed', failure: { task, message, invariant, traceLines, plan }, cpuMs: cpuMs() };
  }
}
