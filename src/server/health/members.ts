import type { Journal } from '../../journal/journal.ts';
import type { TrimMember } from '../../journal/trim.ts';
import type { LinkMessageOf } from '../../link/messages.ts';
import type { ServerDefinition } from '../../model/definitions.ts';
import type { Positions } from '../../model/origin.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Copies } from './copies.ts';
import type { OwnMessages } from './own-messages.ts';

interface Ports {
  readonly journal: Journal;
  readonly copies: Copies;
  readonly ownMessages: OwnMessages;
  readonly ownName: string;
  readonly clock: Clock;
  stateHash(): string;
}

/** What the connected members told this server of themselves: how far they are, their epochs, and their hashes. */
export class Members {
  readonly #ports: Ports;
  readonly #positions = new Map<Uuid, Positions>();
  readonly #epochs = new Map<Uuid, Readonly<Record<string, number>>>();
  /** Messages that came to each member through each virtual interface, as it told last; also of one that is away. */
  readonly #received = new Map<Uuid, Readonly<Record<string, number>>>();
  /** What a member that is away had when it was last connected, and since when it is away. */
  readonly #away = new Map<Uuid, { readonly positions: Positions; readonly sinceMs: number }>();
  readonly #startedMs: number;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#startedMs = ports.clock.monotonicMs();
  }

  told(server: ServerDefinition, positions: Positions, message: LinkMessageOf<'positions'> | null): void {
    const { journal, copies } = this.#ports;
    this.#positions.set(server.coreId, positions);
    this.#away.delete(server.coreId);
    copies.memberStored(server.coreId, positions[journal.origin] ?? 0);
    if (message?.epochs) this.#epochs.set(server.coreId, message.epochs);
    if (message?.received) this.#received.set(server.coreId, message.received);
    if (message?.stateHash) this.#compareState(server, positions, message.stateHash);
    for (const [origin, { seq, chain }] of Object.entries(message?.chains ?? {})) {
      const ours = journal.chainAt(origin, seq);
      if (ours && Buffer.from(ours).toString('hex') !== chain)
        this.#differ(server, `the journal of ${origin} up to ${seq}`);
    }
  }

  gone(server: ServerDefinition): void {
    const positions = this.#positions.get(server.coreId);
    if (positions) this.#away.set(server.coreId, { positions, sinceMs: this.#ports.clock.monotonicMs() });
    this.#positions.delete(server.coreId);
    this.#epochs.delete(server.coreId);
    this.#ports.copies.memberStored(server.coreId, null);
  }

  positionsOf(coreId: Uuid): Positions | null {
    return this.#positions.get(coreId) ?? null;
  }

  allPositions(): Positions[] {
    return [...this.#positions.values()];
  }

  /** What the trimming of the journal must know of a member. One not seen since our start may have nothing. */
  forTrimming(coreId: Uuid): TrimMember {
    const connected = this.#positions.get(coreId);
    if (connected) return { positions: connected, absentMs: 0 };
    const away = this.#away.get(coreId);
    const absentMs = this.#ports.clock.monotonicMs() - (away?.sinceMs ?? this.#startedMs);
    // Absent from this very millisecond on is absent all the same.
    return { positions: away?.positions ?? null, absentMs: Math.max(1, absentMs) };
  }

  /** The highest epoch of each role that any connected member has stored, or `own` where that is higher. */
  highestEpochs(own: Readonly<Record<string, number>>): Record<string, number> {
    const highest: Record<string, number> = { ...own };
    for (const epochs of this.#epochs.values()) {
      for (const [role, epoch] of Object.entries(epochs)) highest[role] = Math.max(epoch, highest[role] ?? 0);
    }
    return highest;
  }

  /** Messages that came through a virtual interface to any server: `own` of them here, the others as told some seconds ago. */
  messagesVia(role: string, own: number): number {
    return [...this.#received.values()].reduce((sum, received) => sum + (received[role] ?? 0), own);
  }

  /** Only where both have exactly the same entries do the hashes have to be the same. */
  #compareState(server: ServerDefinition, theirs: Positions, hash: string): void {
    const ours = this.#ports.journal.positions();
    const origins = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    const isEqual = [...origins].every((origin) => (ours[origin] ?? 0) === (theirs[origin] ?? 0));
    if (isEqual && hash !== this.#ports.stateHash())
      this.#differ(server, 'what is derived from the same entries');
  }

  #differ(server: ServerDefinition, what: string): void {
    this.#ports.ownMessages.report({
      severity: 'critical',
      key: `members-differ:${server.coreId}`,
      text: `Servers ${this.#ports.ownName} and ${server.name} differ in ${what}: one of them is damaged; compare both with watchkeeper pool status and restore the damaged one from the other`,
    });
  }
}
