import { setTimeout as sleep } from 'node:timers/promises';
import { poolStatus } from '../pool/answers.ts';
import { epochFaults, twoHolders, type HolderSample, type RoleClaim } from '../pool/holder-samples.ts';
import { listenersOn } from '../pool/process-table.ts';
import type { RealPool, RealServer } from '../pool/real-pool.ts';

const everyMs = 20;
const answerMsMax = 200;
const role = 'virtual-interface/main';

/** Asks every server all the time whether it holds the virtual interface, and the kernel who listens there. */
export class HolderWatch implements AsyncDisposable {
  readonly #pool: RealPool;
  readonly #samples: HolderSample[] = [];
  readonly #claims: RoleClaim[] = [];
  readonly #faults: string[] = [];
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(pool: RealPool) {
    this.#pool = pool;
    this.#loops = [...pool.servers.map((server) => this.#watch(server)), this.#watchPort()];
  }

  /** What must not be, all of it; empty when there was one holder at a time. */
  get faults(): string[] {
    return [...this.#faults, ...twoHolders(this.#samples), ...epochFaults(this.#claims)];
  }

  get samples(): number {
    return this.#samples.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #watch({ name, api }: RealServer): Promise<void> {
    for (let round = 0; !this.#stopped; round += 1) {
      const sentMs = performance.now();
      const holds = await isHolder(api);
      this.#samples.push({ server: name, sentMs, answeredMs: performance.now(), holds });
      if (round % 10 === 0) await this.#claim(name, api);
      await sleep(everyMs);
    }
  }

  async #claim(by: string, api: RealServer['api']): Promise<void> {
    try {
      const found = (await poolStatus(api, 1_000)).roles.find((each) => each.role === role);
      if (found)
        this.#claims.push({ by, atMs: performance.now(), holder: found.holderName, epoch: found.epoch });
    } catch {
      // A server that was just killed or frozen says nothing, which is no claim.
    }
  }

  async #watchPort(): Promise<void> {
    while (!this.#stopped) {
      const listening = this.#pool.servers.filter(
        ({ process }) => listenersOn(this.#pool.virtualPort, process.pids).length > 0,
      );
      if (listening.length > 1)
        this.#faults.push(`${listening.map(({ name }) => name).join(' and ')} listen at the virtual address`);
      await sleep(everyMs);
    }
  }
}

async function isHolder(api: RealServer['api']): Promise<boolean> {
  try {
    await api.get('/healthz/virtual/main', answerMsMax);
    return true;
  } catch {
    // No answer, or an answer that says no: either way it does not say yes.
    return false;
  }
}
