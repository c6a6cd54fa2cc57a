import { denseHoursOf } from '../running/totals.ts';
import { runSeed, SeedFailure } from '../scenarios/scenario.ts';
import { scenarios } from '../scenarios/scenarios.ts';
import type { Mutant } from './mutant.ts';

export interface HuntLimits {
  /** Of faults a seed. */
  readonly faultsMs: number;
  /** Simulated time after which a planted bug counts as not found. */
  readonly simulatedMsMax: number;
}

export interface Hunted {
  readonly name: string;
  readonly scenario: string;
  readonly seeds: number;
  readonly simulatedMs: number;
  /** Of the runs that saw nothing, those that count as dense, and the run that saw it; none in `pool`, which has no messages. */
  readonly denseHours: number;
  /** What broke, in words; null when nothing did. */
  readonly found: string | null;
}

/** One seed after the other until a checker sees the planted bug. */
export async function hunt(mutant: Mutant, limits: HuntLimits): Promise<Hunted> {
  const scenario = scenarios.find(({ name }) => name === mutant.scenario);
  if (!scenario) throw new RangeError(`there is no scenario ${mutant.scenario}`);
  let simulatedMs = 0;
  let seeds = 0;
  let denseHours = 0;
  const hunted = (found: string | null): Hunted => {
    return { name: mutant.name, scenario: scenario.name, seeds, simulatedMs, denseHours, found };
  };
  while (simulatedMs < limits.simulatedMsMax) {
    seeds += 1;
    try {
      const result = await runSeed(scenario, seeds, { faultsMs: limits.faultsMs, mutant: mutant.name });
      simulatedMs += result.simulatedMs;
      denseHours += denseHoursOf(result);
    } catch (error) {
      if (!(error instanceof SeedFailure)) throw error;
      simulatedMs += error.simulatedMs;
      if (scenario.name !== 'pool') denseHours += error.simulatedMs / 3_600_000;
      return hunted(error.invariant);
    }
  }
  return hunted(null);
}

/** A line a person can read. */
export function huntedText({ name, scenario, seeds, simulatedMs, denseHours, found }: Hunted): string {
  const dense = scenario === 'pool' ? 'without messages' : `${denseHours.toFixed(2)} dense`;
  const effort = `${seeds} seeds, ${(simulatedMs / 3_600_000).toFixed(2)} simulated hours, ${dense}`;
  return found === null
    ? `NOT FOUND  ${name} (${scenario}; ${effort})`
    : `found      ${name} (${scenario}; ${effort}): ${found}`;
}
