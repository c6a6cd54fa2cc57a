import type { Transaction } from '../../../coordination/coordination.ts';
import type { MemoryStore } from '../../../coordination/memory.ts';
import { keys, type Holder, type Session } from '../../../model/definitions.ts';

/**
 * Looks at a world of leases from outside: at what the coordinator committed and at who acts by what it was told. It
 * keeps its own record and never asks the code that it judges.
 */
export class LeaseJudge {
  readonly violations: string[] = [];
  readonly #epochs = new Map<string, number>();
  taken = 0;

  object(atMs: number, text: string): void {
    this.violations.push(`at ${Math.round(atMs)} ms: ${text}`);
  }

  /** What the coordinator had given out before is given out again. */
  restored(): void {
    this.#epochs.clear();
  }

  /** Everybody whose deadline for the role is still to come, in real time. */
  actors(atMs: number, role: string, names: readonly string[]): void {
    if (names.length > 1) this.object(atMs, `${role}: ${names.join(' and ')} both act`);
  }

  committed(atMs: number, transaction: Transaction, store: MemoryStore, away: boolean): void {
    if (away) this.object(atMs, 'a commit while the coordinator is away');
    for (const { key, value } of transaction.writes) {
      if (!key.startsWith(keys.holders) || value === null) continue;
      const holder = JSON.parse(value) as Holder;
      if (holder.holder !== null) this.#taken(atMs, holder, store);
    }
  }

  #taken(atMs: number, holder: Holder, store: MemoryStore): void {
    this.taken++;
    if (holder.epoch <= (this.#epochs.get(holder.role) ?? 0))
      this.object(atMs, `${holder.role}: epoch ${holder.epoch} does not rise`);
    this.#epochs.set(holder.role, holder.epoch);
    const text = store.get(keys.session(holder.holder ?? ''))?.value ?? '{}';
    const session = JSON.parse(text) as Partial<Session>;
    if (session.ended !== false || session.incarnation !== holder.incarnation)
      this.object(atMs, `${holder.role}: given to a session that has ended`);
  }
}
