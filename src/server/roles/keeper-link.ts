import { keeperMessageSchema, type KeeperMessage, type ServerMessage } from '../../pool/grants.ts';
import type { Timer, Timers } from '../../runtime/clock.ts';
import type { Parent } from '../../runtime/commands.ts';
import type { Log } from '../../runtime/log.ts';
import { every } from '../../runtime/timing.ts';
import type { Grants } from './grants.ts';

export type CoordinatorState = Omit<Extract<KeeperMessage, { kind: 'coordinator' }>, 'kind'>;

interface Ports {
  readonly parent: Parent;
  readonly timers: Timers;
  readonly log: Log;
  readonly grants: Grants;
  readonly aliveEveryMs: number;
  alive(): Extract<ServerMessage, { kind: 'alive' }>;
  /** How the keeper finds the coordinator. */
  coordinator(state: CoordinatorState): void;
  /** The keeper asks members, answers one that asked, or tells all of them where it stands. */
  question(message: Extract<KeeperMessage, { kind: 'ask' | 'answer' | 'standing' }>): void;
  /** The keeper asks this process to end, or is gone itself. */
  stop(because: string): void;
}

/**
 * The server's end of the pipe to its keeper: tells how it is, takes what it may hold. A keeper that is gone takes
 * everything with it: without one nobody renews, so this process ends at once and lets others go on.
 */
export class KeeperLink {
  readonly #ports: Ports;
  readonly #timer: Timer;

  constructor(ports: Ports) {
    this.#ports = ports;
    ports.parent.onMessage((message) => this.#take(message));
    ports.parent.onClose(() => {
      ports.grants.replace([]);
      ports.stop('the keeper is gone');
    });
    ports.parent.send(ports.alive());
    this.#timer = every(ports.timers, ports.aliveEveryMs, () => ports.parent.send(ports.alive()));
  }

  released(role: string, epoch: number): void {
    this.say({ kind: 'released', role, epoch });
  }

  say(message: ServerMessage): void {
    this.#ports.parent.send(message);
  }

  close(): void {
    this.#timer.cancel();
  }

  #take(message: unknown): void {
    const parsed = keeperMessageSchema.safeParse(message);
    if (!parsed.success)
      return this.#ports.log.error('the keeper said something this server does not understand');
    const { data } = parsed;
    if (data.kind === 'grants') this.#ports.grants.replace(data.grants);
    else if (data.kind === 'stop') this.#ports.stop('the keeper asked for it');
    else if (data.kind === 'coordinator') this.#ports.coordinator(data);
    else this.#ports.question(data);
  }
}
