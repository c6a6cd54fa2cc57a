import { noteSent, planForwarding, type ForwardingState } from '../../journal/forwarding.ts';
import type { Journal } from '../../journal/journal.ts';
import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessage, LinkMessageOf } from '../../link/messages.ts';
import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import type { Entry } from '../../model/entry.ts';
import type { Origin, Positions } from '../../model/origin.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Clock, Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { depotSince, type ServerDepot } from '../depot/server-depot.ts';
import type { ServeDepot } from '../depot/serve-depot.ts';
import { entriesFrame } from './entries-frame.ts';

/** Sent and not yet told durable, at most: what a receiver must be ready to hold. */
export const windowBytesMax = 4 * 1_048_576;
const frameBytesMax = 256 * 1_024;
const frameItemsMax = 512;
/** While the member lacks something; otherwise there is nothing to wait for. */
const lookAgainMs = 250;
/** The protocol with which members can be asked to confirm what we hold. */
const questionsSince = 2;
/** And how each finds the coordinator. */
const standingSince = 3;

interface Ports {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Core ID of this server. */
  readonly own: Uuid;
  readonly peerName: string;
  readonly depot: Pick<ServerDepot, 'serve' | 'introduction'>;
  /** The member told something new: `positions` is all that it has. */
  told(positions: Positions, message: LinkMessageOf<'positions'> | null): void;
  /** The member answers a question of ours. */
  answered(message: LinkMessageOf<'confirmed'>): void;
  /** The member says who was revoked. */
  revoked(message: LinkMessageOf<'revoked'>): void;
  /** The member has given to others what only it had, and wants a snapshot. */
  snapshotPlease(connection: LinkConnection): void;
}

/**
 * The dialling end of a connection between servers: sends what the member lacks, our own entries at once and another
 * server's when nobody else does, with at most `windowBytesMax` that is not yet durable there.
 */
export class PeerSender {
  readonly #connection: LinkConnection;
  readonly #ports: Ports;
  readonly #stopListening: () => void;
  readonly #files: ServeDepot;
  readonly #toldTrimmed = new Map<Origin, number>();
  /** Where reading an origin met damage: not tried again on this connection. */
  readonly #unreadable = new Map<Origin, number>();
  #theirs: Record<Origin, number>;
  #state: ForwardingState = new Map();
  #inFlight: { readonly origin: Origin; readonly seq: number; readonly bytes: number }[] = [];
  #inFlightBytes = 0;
  #waitsForRoom = false;
  #look: Timer | null = null;

  constructor(connection: LinkConnection, theirs: Positions, ports: Ports) {
    this.#connection = connection;
    this.#ports = ports;
    this.#theirs = { ...theirs };
    this.#stopListening = ports.journal.onCommit(() => this.#pump());
    this.#files = ports.depot.serve(connection, null);
    connection.onMessage((message) => this.#take(message));
    for (const message of ports.depot.introduction()) this.tellDepot(message);
    ports.told(this.#theirs, null);
    this.#pump();
  }

  ended(): void {
    this.#stopListening();
    this.#look?.cancel();
  }

  ask(question: LinkMessageOf<'confirmPlease'>): void {
    if (this.#connection.protocol >= questionsSince) this.#connection.send(question);
  }

  tell(standing: LinkMessageOf<'standing'>): void {
    if (this.#connection.protocol >= standingSince) this.#connection.send(standing);
  }

  tellDepot(message: LinkMessageOf<'depotHave'>): void {
    if (this.#connection.protocol >= depotSince) this.#connection.send(message);
  }

  #take(message: LinkMessage): void {
    if (message.type === 'confirmed') return this.#ports.answered(message);
    if (message.type === 'revoked') return this.#ports.revoked(message);
    if (message.type === 'depotPlease') return this.#files.asked(message.sha256);
    if (message.type === 'snapshotPlease') return this.#ports.snapshotPlease(this.#connection);
    if (message.type !== 'positions') {
      throw new WatchError('WK_FRAME', `a receiving server does not say ${message.type}`);
    }
    for (const [origin, seq] of Object.entries(message.positions)) {
      this.#theirs[origin] = Math.max(seq, this.#theirs[origin] ?? 0);
    }
    this.#inFlight = this.#inFlight.filter(({ origin, seq, bytes }) => {
      const isDurable = seq <= (this.#theirs[origin] ?? 0);
      if (isDurable) this.#inFlightBytes -= bytes;
      return !isDurable;
    });
    this.#ports.told(this.#theirs, message);
    this.#pump();
  }

  #pump(): void {
    // Room that comes pumps again.
    if (this.#connection.ending || this.#waitsForRoom) return;
    const { journal, clock, own } = this.#ports;
    const input = { own, ours: journal.positions(), theirs: this.#theirs, nowMs: clock.monotonicMs() };
    const [state, plan] = planForwarding(this.#state, input);
    this.#state = state;
    if (state.size > 0) this.#lookAgain();
    for (const { origin, afterSeq } of plan) {
      if (!this.#sendFrom(origin, afterSeq, input.ours[origin] ?? 0)) return;
    }
  }

  /** What the member lacks of others becomes ours to bring when it has stood still, which nobody tells. */
  #lookAgain(): void {
    this.#look ??= this.#ports.timers.after(lookAgainMs, () => {
      this.#look = null;
      this.#pump();
    });
  }

  /** False when nothing more can be sent now. */
  #sendFrom(origin: Origin, afterSeq: number, upTo: number): boolean {
    let after = afterSeq;
    while (after < upTo) {
      if (this.#inFlightBytes >= windowBytesMax) return false;
      if (this.#wasTrimmed(origin, after)) return true;
      const entries = this.#read(origin, after);
      const last = entries?.at(-1);
      if (!entries || !last) return true;
      if (!this.#send(entries)) return false;
      after = last.seq;
      this.#state = noteSent(this.#state, origin, after);
    }
    return true;
  }

  #read(origin: Origin, after: number): Entry[] | null {
    if (this.#unreadable.get(origin) === after) return null;
    try {
      return this.#ports.journal.read(origin, after, frameBytesMax).slice(0, frameItemsMax);
    } catch (error) {
      // Damaged here: another member can still bring it; ours is reported by the journal.
      this.#unreadable.set(origin, after);
      this.#ports.log.error('entries could not be read to be sent', {
        origin,
        after,
        error: textOf(error),
        code: codeOf(error),
      });
      return null;
    }
  }

  #send(entries: readonly Entry[]): boolean {
    const { message, body } = entriesFrame(entries);
    const sent = this.#connection.send(message, body);
    if (sent === 'full') void this.#awaitRoom();
    if (sent !== 'taken') return false;
    for (const entry of entries) {
      this.#inFlight.push({ origin: entry.origin, seq: entry.seq, bytes: entry.body.length });
      this.#inFlightBytes += entry.body.length;
    }
    return true;
  }

  async #awaitRoom(): Promise<void> {
    this.#waitsForRoom = true;
    const isOpen = await this.#connection.room();
    this.#waitsForRoom = false;
    if (isOpen) this.#pump();
  }

  #wasTrimmed(origin: Origin, after: number): boolean {
    const from = this.#ports.journal.firstKept(origin);
    if (after + 1 >= from) return false;
    if (this.#toldTrimmed.get(origin) !== from) {
      this.#toldTrimmed.set(origin, from);
      this.#connection.send({ type: 'trimmed', origin, from });
    }
    return true;
  }
}
