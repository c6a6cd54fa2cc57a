import type { SeedResult } from '../scenarios/scenario.ts';

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
  readonly all: Sum = { fired: new Map(), hours: 0 };
  readonly #byScenario = new Map<string, Sum>();

  add(result: SeedResult, cpuMs: number): void {
    this.seeds += 1;
    this.acknowledged += result.acknowledged;
    this.events += result.events;
    this.cpuMs += cpuMs;
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

  line(): string {
    const { hours } = this.all;
    const perCpuHour = hours / (this.cpuMs / 3_600_000);
    return (
      `${this.seeds} runs, ${hours.toFixed(2)} simulated hours (${perCpuHour.toFixed(0)} a CPU hour), ` +
      `${this.acknowledged} messages acknowledged, ${this.events} events`
    );
  }
}
