import type { Grant } from '../../pool/grants.ts';
import type { Clock, Timer, Timers } from '../../runtime/clock.ts';

export interface GrantListener {
  /** The role is ours from now on, or under a new epoch. */
  gained(grant: Grant): void;
  /** The role is no longer ours: its deadline passed or the keeper withdrew it. */
  lost(role: string, epoch: number): void;
}

/**
 * The roles this server process may act for, as its keeper granted them. What was lost is given back and never taken up
 * again under its epoch: the keeper is told that it is, and may have passed it on while its renewals were under way to
 * us. A grant ends by itself at its deadline: a
 * frozen or dead keeper leaves nothing behind. `current` looks at the clock each time, so whoever asks before each
 * decision never acts late, also when this process itself was frozen and its timers are.
 */
export class Grants {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #grants = new Map<string, Grant>();
  /** The epoch of each role that was lost last. */
  readonly #lost = new Map<string, number>();
  readonly #listeners: GrantListener[] = [];
  #timer: Timer | null = null;

  constructor(ports: { clock: Clock; timers: Timers }) {
    this.#clock = ports.clock;
    this.#timers = ports.timers;
  }

  listen(listener: GrantListener): void {
    this.#listeners.push(listener);
  }

  /** The whole set that the keeper grants now; what is missing from it was withdrawn. */
  replace(grants: readonly Grant[]): void {
    const wanted = new Map(grants.map((grant) => [grant.role, grant]));
    for (const held of this.#grants.values()) {
      // One whose deadline has passed is over, also when its renewal was faster than our timer.
      const isOver = held.deadlineMs <= this.#clock.monotonicMs();
      if (isOver || wanted.get(held.role)?.epoch !== held.epoch) this.#lose(held);
    }
    for (const grant of grants) {
      const held = this.#grants.get(grant.role);
      if (grant.deadlineMs <= this.#clock.monotonicMs() || this.#lost.get(grant.role) === grant.epoch)
        continue;
      this.#grants.set(grant.role, grant);
      if (!held) for (const listener of this.#listeners) listener.gained(grant);
    }
    this.#arm();
  }

  /** The grant for `role` if it is ours at this very moment. */
  current(role: string): Grant | null {
    const grant = this.#grants.get(role);
    return grant && this.#clock.monotonicMs() < grant.deadlineMs ? grant : null;
  }

  all(): Grant[] {
    return [...this.#grants.values()].filter((grant) => this.current(grant.role));
  }

  close(): void {
    this.#timer?.cancel();
    for (const grant of this.#grants.values()) this.#lose(grant);
  }

  #lose(grant: Grant): void {
    this.#grants.delete(grant.role);
    this.#lost.set(grant.role, grant.epoch);
    for (const listener of this.#listeners) listener.lost(grant.role, grant.epoch);
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#grants.size === 0) return;
    const firstMs = Math.min(...[...this.#grants.values()].map((grant) => grant.deadlineMs));
    this.#timer = this.#timers.after(Math.max(0, firstMs - this.#clock.monotonicMs()), () => this.#expire());
  }

  #expire(): void {
    for (const grant of this.#grants.values()) {
      if (grant.deadlineMs <= this.#clock.monotonicMs()) this.#lose(grant);
    }
    this.#arm();
  }
}
