import type { Uuid } from '../../../model/uuid.ts';
import type { Grant, ServerMessage } from '../../grants.ts';
import { aliveEveryMs, timingsDefault } from '../timings.ts';

interface Ports {
  readonly coreId: Uuid;
  nowMs(): number;
  monotonicMs(): number;
  after(delayMs: number, run: () => void): void;
  within(fromMs: number, toMs: number): number;
  say(message: ServerMessage): void;
  /** It begins, or goes on, to act for the role. */
  acts(role: string): void;
}

/** A server process in the little world of leases: acts by what it was granted, up to the deadline on its clock. */
export class WorldServer {
  readonly pid: number;
  healthy = true;
  readonly #ports: Ports;
  readonly #grants = new Map<string, Grant>();
  readonly #epochs = new Map<string, number>();
  readonly #inbox: (() => void)[] = [];
  #pausedUntilMs = 0;
  #pipeMs = 0;
  #dead = false;

  constructor(pid: number, ports: Ports) {
    this.pid = pid;
    this.#ports = ports;
    ports.after(ports.within(50, 500), () => this.#alive());
  }

  /** A stopped process still counts: it may go on at any moment, in the middle of what it did. */
  isActing(role: string): boolean {
    const deadlineMs = this.#grants.get(role)?.deadlineMs ?? -Infinity;
    return !this.#dead && this.#ports.monotonicMs() < deadlineMs;
  }

  take(grants: readonly Grant[]): void {
    // A pipe keeps its order.
    const nowMs = this.#ports.nowMs();
    this.#pipeMs = Math.max(this.#pipeMs, nowMs + this.#ports.within(0, 5));
    this.#ports.after(this.#pipeMs - nowMs, () => this.run(() => this.#granted(grants)));
  }

  pause(durationMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#ports.nowMs() + durationMs);
    this.#ports.after(durationMs + 0.001, () => {
      if (this.#isPaused()) return;
      for (const waiting of this.#inbox.splice(0)) this.run(waiting);
    });
  }

  die(): void {
    this.#dead = true;
  }

  /** At once, or when it goes on; never when it is dead. */
  run(what: () => void): void {
    if (this.#dead) return;
    if (this.#isPaused()) this.#inbox.push(what);
    else what();
  }

  #isPaused(): boolean {
    return this.#ports.nowMs() < this.#pausedUntilMs;
  }

  #alive(): void {
    if (this.#dead) return;
    this.#ports.after(aliveEveryMs(timingsDefault), () => this.#alive());
    if (this.#isPaused()) return;
    const epochs = Object.fromEntries(this.#epochs);
    const origin = `${this.#ports.coreId}.00000001`;
    const rest = { origin, because: '', lagMs: 0, epochs, positions: '{}' };
    this.#ports.say({ kind: 'alive', healthy: this.healthy, ...rest });
  }

  #granted(grants: readonly Grant[]): void {
    for (const { role, epoch } of this.#grants.values())
      if (!grants.some((grant) => grant.role === role)) this.#letGo(role, epoch);
    for (const grant of grants) {
      this.#epochs.set(grant.role, grant.epoch);
      this.#grants.set(grant.role, grant);
      this.#ports.acts(grant.role);
    }
  }

  /** Closing a listener takes a moment, in which it still counts as acting. */
  #letGo(role: string, epoch: number): void {
    const close = (): void => {
      if (this.#grants.get(role)?.epoch !== epoch) return;
      this.#grants.delete(role);
      this.#ports.say({ kind: 'released', role, epoch });
    };
    this.#ports.after(this.#ports.within(0, 100), () => this.run(close));
  }
}
