import type { Clock, Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { every } from '../../runtime/timing.ts';
import type { AgentConnection } from './gateway.ts';

const lookEveryMs = 1_000;
/** An interface that just moved may move again. */
const steadyMs = 5_000;
/** Long enough for an agent to have sent what it had. */
const connectedMs = 3_000;
const tellAgainMs = 60_000;
/** An agent that returns costs a handshake; they are told in turn. */
const tellMax = 50;

/** A virtual interface that agents may go to; which of several is theirs, they know themselves. */
export interface PreferredInterface {
  readonly role: string;
  /** A server that lives and is healthy holds it. */
  readonly isHeld: boolean;
  readonly epoch: number;
}

interface Ports {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Of the pool, virtual interfaces first. */
  addresses(): { servers: string[]; interfaces: number };
  /** Null in a pool without one. */
  preferred(): PreferredInterface | null;
}

interface Guest {
  readonly agent: AgentConnection;
  readonly sinceMs: number;
  readonly isIdle: () => boolean;
  toldMs: number | null;
}

/**
 * Sends agents home. One that fell back to this server while the virtual interface was away is told to return once the
 * interface is held steadily again and everything that the agent brought is stored. The agent itself moves only after
 * the interface has answered it, and decides when a return that did not last is worth another try.
 */
export class GoBack {
  readonly #ports: Ports;
  readonly #timer: Timer;
  readonly #guests = new Set<Guest>();
  #steady: { readonly epoch: number; readonly sinceMs: number } | null = null;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#timer = every(ports.timers, lookEveryMs, () => this.#look());
  }

  close(): void {
    this.#timer.cancel();
  }

  /** `isIdle`: nothing that it sent waits for an answer. */
  add(agent: AgentConnection, isIdle: () => boolean): { remove(): void } {
    const guest: Guest = { agent, sinceMs: this.#ports.clock.monotonicMs(), isIdle, toldMs: null };
    // One that does not say what it dialled is of a version that does not know how to go back either.
    if (agent.dialled !== null) this.#guests.add(guest);
    return { remove: () => void this.#guests.delete(guest) };
  }

  #look(): void {
    const { clock, log } = this.#ports;
    const nowMs = clock.monotonicMs();
    const preferred = this.#ports.preferred();
    if (preferred === null || !this.#isSteady(preferred, nowMs)) return;
    let left = tellMax;
    for (const guest of this.#guests) {
      const { agent } = guest;
      if (left === 0) return;
      if (agent.via !== null || nowMs - guest.sinceMs < connectedMs || !guest.isIdle()) continue;
      if (guest.toldMs !== null && nowMs - guest.toldMs < tellAgainMs) continue;
      guest.toldMs = nowMs;
      left -= 1;
      log.info('an agent is told to go back', { node: agent.node.name, to: preferred.role });
      agent.connection.send({
        type: 'goBack',
        text: `${preferred.role} is held`,
        ...this.#ports.addresses(),
      });
    }
  }

  #isSteady({ isHeld, epoch }: PreferredInterface, nowMs: number): boolean {
    if (!isHeld) this.#steady = null;
    else if (this.#steady?.epoch !== epoch) this.#steady = { epoch, sinceMs: nowMs };
    return this.#steady !== null && nowMs - this.#steady.sinceMs >= steadyMs;
  }
}
