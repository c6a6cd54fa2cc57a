import type { RealAgent } from '../test/pool/real-pool.ts';
import { LoadGenerator } from './load-generator.ts';
import type { LoadResult } from './load-protocol.ts';

export interface Throughput {
  readonly perSecond: number;
  readonly atRisk: number;
}

/** Several load processes against one server, each run with messages of its own, numbered on from run to run. */
export class ThroughputBench implements Disposable {
  readonly #generators: { readonly agent: RealAgent; readonly generator: LoadGenerator }[];
  #first = 0;

  constructor(agents: readonly RealAgent[]) {
    this.#generators = agents.map((agent) => ({ agent, generator: new LoadGenerator() }));
  }

  [Symbol.dispose](): void {
    for (const { generator } of this.#generators) generator.close();
  }

  /** Sends `count` messages in all; the clock runs from the first batch sent to the last answer `stored`. */
  async run(url: string, count: number): Promise<Throughput> {
    const each = Math.ceil(count / this.#generators.length);
    for (const { agent, generator } of this.#generators) {
      await generator.prepare({ url, data: agent.data, name: agent.name, count: each, first: this.#first });
      this.#first += each;
    }
    const results = await Promise.all(this.#generators.map(({ generator }) => generator.go()));
    return together(results);
  }
}

function together(results: readonly LoadResult[]): Throughput {
  const startedMs = Math.min(...results.map((result) => result.startedMs));
  const endedMs = Math.max(...results.map((result) => result.endedMs));
  const stored = results.reduce((sum, result) => sum + result.stored, 0);
  return {
    perSecond: (stored * 1_000) / (endedMs - startedMs),
    atRisk: results.reduce((sum, result) => sum + result.atRisk, 0),
  };
}
