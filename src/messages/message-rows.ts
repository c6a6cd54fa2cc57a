import type { Message } from '../model/message.ts';
import { compareVersions, type Version } from '../model/operation.ts';
import { severities, severityRank } from '../model/severity.ts';
import { uuidText, type Uuid } from '../model/uuid.ts';
import type { Database, Statement } from '../runtime/database.ts';
import type { Duplicates } from './duplicates.ts';
import type { FilterIndex, IndexedMessage } from './filter-index.ts';
import { idBytes, writeIdBytes } from './id-bytes.ts';
import { messageHash, messageSeed, type HashSeed } from './message-hash.ts';
import { messageOf, type MessageColumns } from './message-columns.ts';
import type { Nodes } from './nodes.ts';
import type { CountedPlace, CountedState, PlaceCounts } from './place-counts.ts';
import type { StampOrigins } from './stamp-origins.ts';
import type { Totals } from './totals.ts';

/** One arrival of a message: who sent it, and the stamp of the entry that brought it. */
export interface Arrival {
  readonly node: Uuid;
  readonly nodeNumber: number;
  readonly stamp: Version;
  readonly originNumber: number;
  readonly seed: HashSeed;
}

export interface MessageParts {
  readonly database: Database;
  readonly totals: Totals;
  readonly index: FilterIndex;
  readonly nodes: Nodes;
  readonly origins: StampOrigins;
  readonly places: PlaceCounts;
  readonly duplicates: Duplicates;
}

export interface PresentMessage {
  readonly row: number;
  readonly raised: boolean;
  readonly node: Uuid;
  readonly stamp: Version;
  readonly message: Message;
}

type StoredMessage = MessageColumns & {
  readonly row: number;
  readonly raised: number;
  readonly nodeId: Uuid;
  readonly hlc: number;
  readonly origin: string;
};

const isOpen: CountedState = { state: 'open', acknowledgedMs: null };

const columns = `m.row, m.id, m.raised, n.core_id AS nodeId, m.severity, m.created_ms AS createdMs, m.hlc,
  o.origin, m.text, m.application, m.object, m.message_group AS messageGroup, m.key, m.source, m.attributes`;
const joined = `FROM messages m JOIN nodes n ON n.number = m.node JOIN stamp_origins o ON o.number = m.origin`;

/** The table `messages`, with the counts, hashes and index bits that go with each row. */
export class MessageRows {
  readonly #parts: MessageParts;
  readonly #insert: Statement;
  readonly #find: Statement;
  readonly #restamp: Statement;
  readonly #delete: Statement;
  readonly #markOf: Statement;
  readonly #markHere: Statement;
  readonly #all: Statement;
  readonly #indexed: Statement;
  readonly #id = new Uint8Array(16);

  constructor(parts: MessageParts) {
    const { database } = parts;
    this.#parts = parts;
    this.#insert = database.prepare(
      `INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING`,
    );
    this.#find = database.prepare(`SELECT ${columns} ${joined} WHERE m.id = ?`);
    this.#restamp = database.prepare('UPDATE messages SET node = ?, hlc = ?, origin = ? WHERE row = ?');
    this.#delete = database.prepare('DELETE FROM messages WHERE row = ?');
    this.#markOf = database.prepare(
      'SELECT state, acknowledged_ms AS acknowledgedMs FROM marks WHERE message = ?',
    );
    this.#markHere = database.prepare('UPDATE marks SET here = ? WHERE message = ?');
    this.#all = database.prepare(`SELECT ${columns} ${joined}`);
    this.#indexed = database.prepare(
      `SELECT m.row, m.node, m.id, m.severity, m.created_ms AS createdMs, m.text, m.message_group AS messageGroup,
         m.key, coalesce(k.state, 0) AS state
       FROM messages m LEFT JOIN marks k ON k.message = m.id WHERE m.row > ? ORDER BY m.row`,
    );
  }

  arrival(node: Uuid, nodeName: string, stamp: Version): Arrival {
    this.#parts.nodes.meet(node, nodeName, stamp, true);
    return this.arrivalOf(node, stamp);
  }

  /** For a node that was met before. */
  arrivalOf(node: Uuid, stamp: Version): Arrival {
    const nodeNumber = this.#parts.nodes.numberOf(node);
    const originNumber = this.#parts.origins.numberOf(stamp.origin);
    return { node, nodeNumber, stamp, originNumber, seed: messageSeed(node, stamp) };
  }

  /** False when a message of that ID is here already; nothing is changed then. */
  insert(arrival: Arrival, message: Message, raised: boolean): boolean {
    const { totals, index, places, duplicates } = this.#parts;
    const row = totals.rowNext;
    const id = writeIdBytes(message.id, this.#id);
    const rank = severityRank(message.severity);
    const done = this.#insert.run(
      row,
      id,
      arrival.nodeNumber,
      rank,
      message.createdMs,
      arrival.stamp.hlc,
      arrival.originNumber,
      raised ? 1 : 0,
      message.text,
      message.application ?? null,
      message.object ?? null,
      message.group ?? null,
      message.key ?? null,
      message.source ?? null,
      message.attributes === undefined ? null : JSON.stringify(message.attributes),
    );
    if (done.changes === 0) return false;
    totals.takeRow();
    const counted = totals.waiting === 0 ? isOpen : this.#welcome(id);
    const { state } = counted;
    index.add({ row, node: arrival.nodeNumber, acknowledged: state === 'acknowledged', message });
    totals.count(state, rank, 1);
    places.count(placeOf(row, arrival, message), counted, rank, 1);
    duplicates.add(row, arrival.node, message, state);
    totals.addHash(messageHash(arrival.seed, message));
    return true;
  }

  /** The row of that ID, or null when there is none in view. */
  find(id: Uuid): PresentMessage | null {
    const stored = this.#find.get<StoredMessage>(idBytes(id));
    return stored ? present(stored) : null;
  }

  /** The same content from an earlier arrival. */
  restamp(known: PresentMessage, arrival: Arrival): void {
    // Of the node too, which hardly ever happens: it says something else then.
    if (arrival.node !== known.node) this.#parts.duplicates.forget();
    this.#parts.totals.takeHash(hashOf(known));
    const state = this.#stateOf(idBytes(known.message.id)) ?? isOpen;
    const rank = severityRank(known.message.severity);
    this.#parts.places.count(this.#placeOf(known), state, rank, -1);
    this.#parts.places.count(placeOf(known.row, arrival, known.message), state, rank, 1);
    this.#restamp.run(arrival.nodeNumber, arrival.stamp.hlc, arrival.originNumber, known.row);
    this.#parts.totals.addHash(messageHash(arrival.seed, known.message));
  }

  /** Takes the message out of view and counts; what operators did to it stays, as for one that is not here yet. */
  remove(known: PresentMessage): void {
    const id = idBytes(known.message.id);
    const marked = this.#stateOf(id);
    const counted = marked ?? isOpen;
    this.#delete.run(known.row);
    const rank = severityRank(known.message.severity);
    this.#parts.totals.count(counted.state, rank, -1);
    this.#parts.places.count(this.#placeOf(known), counted, rank, -1);
    this.#parts.duplicates.change(known.row, null);
    this.#parts.totals.takeHash(hashOf(known));
    if (!marked) return;
    this.#markHere.run(0, id);
    this.#parts.totals.countWaiting(1);
  }

  /** Hashes of all rows, for whoever recomputes the state hash. */
  *hashes(): IterableIterator<number> {
    for (const stored of this.#all.iterate<StoredMessage>()) yield hashOf(present(stored));
  }

  /** What the filter index needs of the rows above `above`. */
  *indexed(above: number): IterableIterator<IndexedMessage> {
    type Row = MessageColumns & { row: number; node: number; state: number };
    for (const stored of this.#indexed.iterate<Row>(above)) {
      const { row, node, state, createdMs, text } = stored;
      const message = {
        id: uuidText(stored.id),
        createdMs,
        severity: severities[stored.severity] ?? 'unknown',
        text,
        ...(stored.messageGroup !== null && { group: stored.messageGroup }),
        ...(stored.key !== null && { key: stored.key }),
      };
      yield { row, node, acknowledged: state === 1, message };
    }
  }

  /** A message comes for which operations may be waiting: its state is what they made of it. */
  #welcome(id: Uint8Array): CountedState {
    const marked = this.#stateOf(id);
    if (!marked) return isOpen;
    this.#markHere.run(1, id);
    this.#parts.totals.countWaiting(-1);
    return marked;
  }

  /** Null where nothing was ever done to it. */
  #stateOf(id: Uint8Array): CountedState | null {
    const mark = this.#markOf.get<{ state: number; acknowledgedMs: number | null }>(id);
    return mark
      ? { state: mark.state === 1 ? 'acknowledged' : 'open', acknowledgedMs: mark.acknowledgedMs }
      : null;
  }

  #placeOf({ row, node, stamp, message }: PresentMessage): CountedPlace {
    const { hlc } = stamp;
    return { row, node: this.#parts.nodes.numberOf(node), group: message.group ?? null, hlc };
  }
}

function placeOf(row: number, { nodeNumber, stamp }: Arrival, { group }: Message): CountedPlace {
  return { row, node: nodeNumber, group: group ?? null, hlc: stamp.hlc };
}

export function hashOf(known: PresentMessage): number {
  return messageHash(messageSeed(known.node, known.stamp), known.message);
}

/** Whether `message`, had it come with the known one's arrival, would be the known one. */
export function isSameContent(known: PresentMessage, message: Message): boolean {
  return messageHash(messageSeed(known.node, known.stamp), message) === hashOf(known);
}

export function isEarlier(stamp: Version, than: Version): boolean {
  return compareVersions(stamp, than) < 0;
}

function present(stored: StoredMessage): PresentMessage {
  return {
    row: stored.row,
    raised: stored.raised === 1,
    node: stored.nodeId,
    stamp: { hlc: stored.hlc, origin: stored.origin },
    message: messageOf(stored),
  };
}
