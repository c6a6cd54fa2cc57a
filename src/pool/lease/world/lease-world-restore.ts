import type { StoreCopy } from '../../../coordination/memory.ts';
import { keys } from '../../../model/definitions.ts';
import type { LeaseJudge } from './lease-judge.ts';
import type { WorldCoordinator } from './lease-world-coordinator.ts';

interface Ports {
  readonly coordinator: WorldCoordinator;
  readonly judge: LeaseJudge;
  readonly random: () => number;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly within: (fromMs: number, toMs: number) => number;
  readonly count: (what: string) => void;
}

const first = '00000000-0000-4000-8000-000000000000';
const confirmed = '00000000-0000-4000-8000-0000000000cc';

export function poolText(id: string, before: readonly string[]): string {
  const lineage = before.length === 0 ? first : confirmed;
  return JSON.stringify({ id, name: 'p', createdMs: 0, authorities: ['x'], lineage, before });
}

/** In every other little world the coordinator is put back to what it was once, and an operator confirms it later. */
export class WorldRestore {
  readonly #ports: Ports;
  #happened = false;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** When it will be put back; null when it never is. */
  begin(): number | null {
    const { random, after, within, coordinator } = this.#ports;
    if (random() < 0.5) return null;
    // The worst are those from when roles were free: whoever comes takes them at once.
    const backupMs = random() < 0.6 ? 0 : within(2_000, 10_000);
    const restoreMs = backupMs + within(6_000, 15_000);
    let backup: StoreCopy = coordinator.store.copy();
    after(backupMs, () => {
      backup = coordinator.store.copy();
    });
    after(restoreMs, () => this.#restore(backup));
    after(restoreMs + within(2_000, 12_000), () => this.#confirm());
    return restoreMs;
  }

  /** Nobody may doubt a coordinator that was always what it is. */
  doubted(atMs: number, because: string): void {
    this.#ports.count('coordinator doubted');
    if (!this.#happened) this.#ports.judge.object(atMs, because);
  }

  #restore(backup: StoreCopy): void {
    const { coordinator, count, judge } = this.#ports;
    count('coordinator restored');
    this.#happened = true;
    coordinator.store.restore(backup);
    judge.restored();
  }

  #confirm(): void {
    const { store } = this.#ports.coordinator;
    const text = poolText(first, [first]);
    store.transact({ conditions: [], writes: [{ key: keys.pool, value: text }] });
  }
}
