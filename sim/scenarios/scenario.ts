import { World, type WorldOptions } from '../world/world.ts';
import type { Fault } from '../faults/fault.ts';
import { Violation } from '../world/violation.ts';

export interface ScenarioOptions {
  /** How long faults go on, in virtual time; warming up and healing come on top. */
  readonly faultsMs: number;
  readonly verbose: boolean;
  /** A planted bug, by name. */
  readonly mutant: string | null;
  /** Instead of the plan that the seed draws: a shrunk one. */
  readonly plan: readonly Fault[] | null;
}

export const scenarioDefaults: ScenarioOptions = {
  faultsMs: 60_000,
  verbose: false,
  mutant: null,
  plan: null,
};

export interface RunResult {
  readonly acknowledged: number;
}

/** A pool, its work and its checkers in one world. Throws a Violation. */
export interface Scenario {
  readonly name: string;
  readonly world: Partial<WorldOptions>;
  run(world: World, options: ScenarioOptions): Promise<RunResult>;
}

export interface SeedResult extends RunResult {
  readonly scenario: string;
  readonly seed: number;
  readonly traceHash: string;
  readonly events: number;
  readonly simulatedMs: number;
  readonly faults: number;
  /** How often each fault and each rare state occurred. */
  readonly fired: ReadonlyMap<string, number>;
}

/** A seed that broke a rule, with all it takes to see it again. */
export class SeedFailure extends Error {
  override readonly name = 'SeedFailure';
  readonly seed: number;
  readonly scenario: string;
  /** The rule that was broken. */
  readonly invariant: string;
  readonly simulatedMs: number;
  readonly traceLines: readonly string[];
  /** The faults that were to happen, all of them. */
  readonly plan: readonly Fault[];

  constructor(scenario: string, seed: number, world: World, cause: unknown) {
    super(`${scenario}, seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.scenario = scenario;
    this.seed = seed;
    this.invariant = cause instanceof Violation ? cause.invariant : 'the simulator itself failed';
    this.simulatedMs = world.scheduler.nowMs;
    this.traceLines = world.trace.lastLines;
    this.plan = world.plan;
  }
}

/** Runs one seed in a world of its own. Throws a SeedFailure. */
export async function runSeed(
  scenario: Scenario,
  seed: number,
  options: Partial<ScenarioOptions> = {},
): Promise<SeedResult> {
  const all = { ...scenarioDefaults, ...options };
  using world = new World(`${scenario.name}/${seed}`, { ...scenario.world, verbose: all.verbose });
  try {
    const result = await scenario.run(world, all);
    return {
      ...result,
      scenario: scenario.name,
      seed,
      traceHash: world.trace.hash,
      events: world.scheduler.eventCount,
      simulatedMs: world.scheduler.nowMs,
      faults: world.faultsFired,
      fired: world.trace.fired,
    };
  } catch (error) {
    throw new SeedFailure(scenario.name, seed, world, error);
  }
}
