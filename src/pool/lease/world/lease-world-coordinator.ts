import { MemoryStore } from '../../../coordination/memory.ts';
import type { Transaction } from '../../../coordination/coordination.ts';
import type { LeaseJudge } from './lease-judge.ts';
import type { Outcome } from '../lease-state.ts';
import { timingsDefault } from '../timings.ts';
import { viewItem } from '../../view-item.ts';

interface Ports {
  readonly judge: LeaseJudge;
  readonly nowMs: () => number;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly within: (fromMs: number, toMs: number) => number;
  readonly random: () => number;
  readonly count: (what: string) => void;
  /** False when all faults are over. */
  readonly faulty: () => boolean;
}

/** The coordinator in the little world of leases: late, mute or away, but never wrong. */
export class WorldCoordinator {
  readonly store = new MemoryStore();
  awayUntilMs = 0;
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  get isAway(): boolean {
    return this.#ports.nowMs() < this.awayUntilMs;
  }

  /** A request may be lost or come late, even long after it was given up; so may its answer. */
  call(
    requestMs: number,
    reaches: () => boolean,
    execute: () => Outcome,
    answer: (outcome: Outcome) => void,
  ): void {
    const { after, count, random, faulty } = this.#ports;
    let open = true;
    const once = (outcome: Outcome): void => {
      if (!open) return;
      open = false;
      if (outcome.kind === 'unknown') count('unknown outcome');
      else if (outcome.kind === 'result' && !outcome.result.done) count('refused');
      answer(outcome);
    };
    after(timingsDefault.callTimeoutMs, () => once({ kind: 'unknown' }));
    after(requestMs, () => {
      if (this.isAway || !reaches()) return;
      const outcome = execute();
      if (faulty() && random() < 0.02) return count('answer lost');
      after(this.latencyMs(), () => once(outcome));
    });
  }

  transact(transaction: Transaction): Outcome {
    const result = this.store.transact(transaction);
    if (result.done) this.#ports.judge.committed(this.#ports.nowMs(), transaction, this.store, this.isAway);
    return { kind: 'result', result };
  }

  read(names: readonly string[]): Outcome {
    const { revision } = this.store.list('');
    const items = names.map((key) => this.store.get(key) ?? { key, value: null, revision });
    return { kind: 'read', items: items.flatMap((item) => viewItem(item, revision) ?? []) };
  }

  latencyMs(): number {
    const { within, random, faulty } = this.#ports;
    if (!faulty()) return within(0.2, 5);
    const kind = random();
    if (kind < 0.9) return within(0.2, 10);
    return kind < 0.97 ? within(10, 350) : within(300, 6_000);
  }
}
