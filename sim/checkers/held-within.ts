import { check } from '../world/violation.ts';

/**
 * Somebody holds each role whenever one server has had nothing done to it, nor to its way to the coordinator, for
 * `boundMs` (I16). What happens to the others must not matter.
 */
export class HeldWithin {
  readonly #boundMs: number;
  readonly #lastHeldMs = new Map<string, number>();
  /** How often a role had to be held while faults went on. */
  inForce = 0;

  constructor(boundMs: number) {
    this.#boundMs = boundMs;
  }

  /** `calmSinceMs` is that of the server which has been left alone the longest. */
  see(nowMs: number, calmSinceMs: number, roles: readonly { role: string; isHeld: boolean }[]): void {
    for (const { role, isHeld } of roles) {
      if (isHeld) this.#lastHeldMs.set(role, nowMs);
      const lastMs = this.#lastHeldMs.get(role) ?? 0;
      if (nowMs - calmSinceMs < this.#boundMs) continue;
      this.inForce += 1;
      check(
        nowMs - lastMs < this.#boundMs,
        'some holder exists during faults (I16)',
        () => `nobody holds ${role} at ${nowMs} since ${lastMs}; a server is well since ${calmSinceMs}`,
      );
    }
  }
}
