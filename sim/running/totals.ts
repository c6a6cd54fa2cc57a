import type { SeedResult } from '../scenarios/scenario.ts';
import type { RunRecord } from './results-file.ts';

/** What makes a simulated hour worth counting. */
export const dense = { acknowledgedAnHour: 5_000, faultsAnHour: 30 } as const;

/** A run counts with all its simulated time, warming up and healing too, when over that time it was dense; else not at all. */
export function denseHoursOf(result: SeedResult): number {
  const hours = result.simulatedMs / 3_600_000;
  const isDense =
    result.acknowledged >= hours * dense.acknowledgedAnHour && result.faults >= hours * dense.faultsAnHour;
  return isDense ? hours : 0;
}

interface Sum {
  readonly fired: Map<string, number>;
  hours: number;
}

/** What a run of many seeds comes to. */
export class Totals {
  seeds = 0;
  acknowledged = 0;
  events = 0;
  cpuMs = 0;
  faults = 0;
  denseHours = 0;
  denseSeeds = 0;
  violations = 0;
  readonly all: Sum = { fired: new Map(), hours: 0 };
  readonly #byScenario = new Map<string, Sum>();

  /** A run that ended before, with this commit or another. */
  addRecord(record: RunRecord): void {
    if (record.kind === 'passed')
      this.add({ ...record, fired: new Map(Object.entries(record.fired)) }, record.cpuMs);
    else this.violations += 1;
  }

  add(result: SeedResult, cpuMs: number): void {
    this.seeds += 1;
    this.acknowledged += result.acknowledged;
    this.events += result.events;
    this.cpuMs += cpuMs;
    this.faults += result.faults;
    this.denseHours += denseHoursOf(result);
    if (denseHoursOf(result) > 0) this.denseSeeds += 1;
    const own = this.of(result.scenario);
    this.#byScenario.set(result.scenario, own);
    for (const sum of [this.all, own]) {
      sum.hours += result.simulatedMs / 3_600_000;
      for (const [what, count] of result.fired) sum.fired.set(what, (sum.fired.get(what) ?? 0) + count);
    }
  }

  of(scenario: string): Sum {
    return this.#byScenario.get(scenario) ?? { fired: new Map(), hours: 0 };
  }

  /** All of it, for programs. */
  json(): Record<string, unknown> {
    const { seeds, acknowledged, events, faults, denseHours, denseSeeds, violations, all } = this;
    const cpuHours = this.cpuMs / 3_600_000;
    const counts = { runs: seeds, simulatedHours: all.hours, denseHours, denseRuns: denseSeeds, cpuHours };
    return { ...counts, acknowledged, faults, events, violations, fired: Object.fromEntries(all.fired) };
  }

  line(): string {
    const { hours } = this.all;
    const cpuHours = this.cpuMs / 3_600_000;
    const each = (all: number): string => `${all.toFixed(2)} (${(all / cpuHours).toFixed(0)} a CPU hour)`;
    return (
      `${this.seeds} runs, simulated hours: ${each(hours)}, dense: ${each(this.denseHours)} in ${this.denseSeeds} runs, ` +
      `${this.acknowledged} messages acknowledged, ${this.faults} faults, ${this.events} events`
    );
  }
}
