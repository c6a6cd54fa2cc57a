import type { Change, Coordination, Transaction } from '../../src/coordination/coordination.ts';
import { MemoryStore } from '../../src/coordination/memory.ts';
import { WatchError } from '../../src/model/errors.ts';
import type { SimProcess } from './process.ts';
import type { World } from './world.ts';

const callMs = 400;
/** Requests that met a cut come through after it, this often; the caller has long given up then. */
const lateChance = 0.5;

/** What a checker may want to see: each transaction that was carried out, at its time. */
export type CommitWatcher = (transaction: Transaction) => void;

/**
 * A coordinator at a place of its own in the network, consistent always and reachable sometimes: requests and answers
 * take their time, are lost in a cut, or come through after their caller has given up.
 */
export class SimCoordinator {
  readonly site: string;
  readonly store: MemoryStore;
  onCommit: CommitWatcher = () => undefined;
  readonly #world: World;
  #streamLast = 0;

  constructor(world: World, site: string, logRevisionsMax: number) {
    this.#world = world;
    this.site = site;
    this.store = new MemoryStore(logRevisionsMax);
    world.machine(site);
  }

  clientOf(process: SimProcess): Coordination {
    return {
      get: (key) => this.#call(process, 'get', () => this.store.get(key)),
      list: (prefix) => this.#call(process, 'list', () => this.store.list(prefix)),
      transact: (transaction) => this.#call(process, 'transact', () => this.#transact(transaction)),
      watch: (prefix, fromRevision, onChange) => this.#watch(process, prefix, fromRevision, onChange),
      close: () => Promise.resolve(),
    };
  }

  #transact(transaction: Transaction): ReturnType<MemoryStore['transact']> {
    const result = this.store.transact(transaction);
    if (result.done) this.onCommit(transaction);
    return result;
  }

  #call<T>(process: SimProcess, label: string, act: () => T): Promise<T> {
    const { scheduler, trace } = this.#world;
    process.pass('send');
    return new Promise((resolve, reject) => {
      let gaveUp = false;
      const away = (): void => {
        gaveUp = true;
        reject(new WatchError('WK_COORDINATOR_AWAY', `the coordinator did not answer within ${callMs} ms`));
      };
      const timeout = scheduler.at(process.localMs() + callMs, 'no answer', away, { owner: process });
      this.#way(process.site, this.site, process.localMs(), label, () => {
        const value = act();
        const committed = label === 'transact' && isDone(value);
        trace.mix(JSON.stringify(value));
        this.#way(this.site, process.site, scheduler.nowMs, `${label} answer`, () => {
          if (gaveUp && committed) trace.count('the coordinator committed and answered too late');
          const answer = (): void => {
            timeout.cancelled = true;
            resolve(value);
          };
          scheduler.after(0, 'answered', answer, { owner: process });
        });
      });
    });
  }

  /** From one site to another; lost in a cut, or kept until it heals. */
  #way(from: string, to: string, startMs: number, label: string, arrive: () => void): void {
    const { scheduler, network, random } = this.#world;
    scheduler.at(startMs + network.links.delayMs(from, to), label, () => {
      if (!network.links.isCut(from, to)) arrive();
      else if (random.chance(lateChance)) network.links.whenHealed(from, to, arrive);
    });
  }

  #watch(
    process: SimProcess,
    prefix: string,
    fromRevision: number,
    onChange: (change: Change) => void,
  ): { close(): void } {
    const { scheduler, network } = this.#world;
    const stream = `watch ${(this.#streamLast += 1)}`;
    let revision = fromRevision;
    let open = true;
    let waiting = false;
    const deliver = (): void => {
      waiting = false;
      if (!open) return;
      if (network.links.isCut(this.site, process.site)) return hold();
      const { changes, upTo } = this.store.changesAfter(prefix, revision);
      revision = upTo;
      const delayMs = network.links.delayMs(this.site, process.site);
      for (const change of changes)
        scheduler.after(delayMs, 'watched', () => open && onChange(change), { owner: process, stream });
    };
    const hold = (): void => {
      if (!waiting)
        network.links.whenHealed(this.site, process.site, () => scheduler.after(100, 'watch', deliver));
      waiting = true;
    };
    const close = (): void => {
      open = false;
      this.store.unlisten(deliver);
    };
    this.store.listen(deliver);
    process.onDeath(close);
    scheduler.after(1, 'watch', deliver);
    return { close };
  }
}

function isDone(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'done' in answer && answer.done === true;
}
