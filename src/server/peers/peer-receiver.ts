import type { Journal } from '../../journal/journal.ts';
import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessage, LinkMessageOf } from '../../link/messages.ts';
import { codeOf, errorTable, textOf, WatchError } from '../../model/errors.ts';
import type { Origin, Positions } from '../../model/origin.ts';
import type { Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { every } from '../../runtime/timing.ts';
import { entriesOf } from './entries-frame.ts';

/** Members compare their hashes this often, and only while their positions are equal. */
export const compareEveryMs = 5_000;
/** Chain hashes told at a time: those of the newest runs. */
const chainsMax = 200;

interface Ports {
  readonly journal: Journal;
  readonly timers: Timers;
  readonly log: Log;
  readonly peerName: string;
  stateHash(): string;
  epochs(): Readonly<Record<string, number>>;
  /** Messages that came here through each virtual interface. */
  received(): Readonly<Record<string, number>>;
  /** The peer said that something we lack was trimmed there. */
  trimmed(origin: Origin, from: number): void;
  /** The peer asks to keep what it holds. */
  asked(message: LinkMessageOf<'confirmPlease'>): void;
  /** The peer says which coordinator it knows. */
  stands(message: LinkMessageOf<'standing'>): void;
  snapshotPart(message: LinkMessage & { type: 'snapshotPart' }, body: Uint8Array): void;
  /** The peer says which files of the depot it has; and sends one that we asked for, or has it not. */
  depotHave(message: LinkMessageOf<'depotHave'>): void;
  depotPart(message: LinkMessageOf<'depotPart'>, body: Uint8Array): void;
  depotNone(message: LinkMessageOf<'depotNone'>): void;
}

/**
 * The accepting end of a connection between servers: stores what the peer sends and tells after each commit, whoever
 * it came from, how far this server's journal is durable.
 */
export class PeerReceiver {
  readonly #connection: LinkConnection;
  readonly #ports: Ports;
  readonly #stopListening: () => void;
  readonly #compare: Timer;
  #told: Positions;
  #telling = false;

  /** `told`: the positions that the welcome carried. */
  constructor(connection: LinkConnection, told: Positions, ports: Ports) {
    this.#connection = connection;
    this.#ports = ports;
    this.#told = told;
    this.#stopListening = ports.journal.onCommit(() => this.#tellSoon());
    this.#compare = every(ports.timers, compareEveryMs, () => this.#tell(true));
    connection.onMessage((message, body) => this.#take(message, body));
    this.#tell(false);
  }

  ended(): void {
    this.#stopListening();
    this.#compare.cancel();
  }

  #take(message: LinkMessage, body: Uint8Array): void {
    if (message.type === 'entries') void this.#store(message, body);
    else if (message.type === 'trimmed') this.#ports.trimmed(message.origin, message.from);
    else if (message.type === 'confirmPlease') this.#ports.asked(message);
    else if (message.type === 'standing') this.#ports.stands(message);
    else if (message.type === 'snapshotPart') this.#ports.snapshotPart(message, body);
    else if (message.type === 'depotHave') this.#ports.depotHave(message);
    else if (message.type === 'depotPart') this.#ports.depotPart(message, body);
    else if (message.type === 'depotNone') this.#ports.depotNone(message);
    else throw new WatchError('WK_FRAME', `a sending server does not say ${message.type}`);
  }

  async #store(message: LinkMessage & { type: 'entries' }, body: Uint8Array): Promise<void> {
    try {
      await this.#ports.journal.receive(entriesOf(message, body));
      // A batch of entries that were all known commits nothing new, and the sender still waits to hear.
      this.#tellSoon();
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** Closing makes the sender dial again and read our positions anew, which mends a gap as well as a full disk. */
  #refuse(error: unknown): void {
    const code = codeOf(error);
    this.#ports.log.warn('the connection from another server is refused', {
      from: this.#ports.peerName,
      code,
      error: textOf(error),
    });
    const isGap = code === 'WK_CONFLICT';
    this.#connection.refuse(code, textOf(error), isGap || errorTable[code].retry || code === 'WK_DAMAGED');
  }

  #tellSoon(): void {
    if (this.#telling) return;
    this.#telling = true;
    this.#ports.timers.soon(() => {
      this.#telling = false;
      this.#tell(false);
    });
  }

  /** Called by timers, which have nobody to throw to: what cannot be read is damaged, and the peer waits for a better run. */
  #tell(withHash: boolean): void {
    if (this.#connection.ending) return;
    try {
      this.#tellChanged(withHash);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #tellChanged(withHash: boolean): void {
    const positions = this.#ports.journal.positions();
    const changed = Object.entries(positions).filter(([origin, seq]) => this.#told[origin] !== seq);
    if (changed.length === 0 && !withHash) return;
    this.#told = positions;
    const ports = this.#ports;
    const more = withHash
      ? { stateHash: ports.stateHash(), chains: this.#chains(positions), received: ports.received() }
      : {};
    this.#connection.send({
      type: 'positions',
      positions: Object.fromEntries(changed),
      epochs: this.#ports.epochs(),
      ...more,
    });
  }

  #chains(positions: Positions): Record<Origin, { seq: number; chain: string }> {
    const chains: Record<Origin, { seq: number; chain: string }> = {};
    for (const [origin, seq] of Object.entries(positions).slice(-chainsMax)) {
      const chain = this.#ports.journal.chainAt(origin, seq);
      if (chain) chains[origin] = { seq, chain: Buffer.from(chain).toString('hex') };
    }
    return chains;
  }
}
