import { z } from 'zod';
import { versionSchema, type MessageState, type Operation, type Version } from '../model/operation.ts';
import type { Origin } from '../model/origin.ts';
import { uuidText, type Uuid } from '../model/uuid.ts';
import type { Database, Statement } from '../runtime/database.ts';
import type { Duplicates } from './duplicates.ts';
import type { FilterIndex } from './filter-index.ts';
import { idBytes } from './id-bytes.ts';
import {
  deriveMark,
  isPreferred,
  untouched,
  type Mark,
  type StandingClose,
  type StoredOperation,
} from './merge.ts';
import type { CountedPlace, PlaceCounts } from './place-counts.ts';
import { RowHash } from './state-hash.ts';
import type { Totals } from './totals.ts';

interface OperationRow {
  readonly message: Uint8Array;
  readonly id: Uint8Array;
  readonly kind: Operation['kind'];
  readonly by: string;
  readonly hlc: number;
  readonly origin: Origin;
  readonly text: string | null;
  readonly pool: Uuid | null;
}

export interface MarkRow {
  readonly message: Uint8Array;
  readonly here: number;
  readonly state: number;
  readonly owner: string | null;
  readonly annotations: number;
  readonly acknowledgedMs: number | null;
  readonly acknowledgedBy: string | null;
  readonly stateHlc: number | null;
  readonly stateOrigin: Origin | null;
}

interface Place extends CountedPlace {
  readonly severity: number;
}

const operationColumns = 'message, id, kind, by, hlc, origin, text, pool';
const markColumns = `message, here, state, owner, annotations, acknowledged_ms AS acknowledgedMs,
  acknowledged_by AS acknowledgedBy, state_hlc AS stateHlc, state_origin AS stateOrigin`;

const closeBodySchema = z.object({ id: z.string(), seen: versionSchema.nullable() });
const releaseBodySchema = z.object({ close: z.string() });

/** Operations on messages, and what they come to: each change derives the message's mark anew from all of them. */
export class Marks {
  readonly #totals: Totals;
  readonly #index: FilterIndex;
  readonly #places: PlaceCounts;
  readonly #duplicates: Duplicates;
  readonly #operation: Statement;
  readonly #operations: Statement;
  readonly #write: Statement;
  readonly #closes: Statement;
  readonly #releases: Statement;
  readonly #mark: Statement;
  readonly #place: Statement;
  readonly #writeMark: Statement;
  readonly #removeMark: Statement;
  readonly #allOperations: Statement;
  readonly #allMarks: Statement;

  constructor(
    database: Database,
    {
      totals,
      index,
      places,
      duplicates,
    }: { totals: Totals; index: FilterIndex; places: PlaceCounts; duplicates: Duplicates },
  ) {
    this.#totals = totals;
    this.#index = index;
    this.#places = places;
    this.#duplicates = duplicates;
    this.#operation = database.prepare(
      `SELECT ${operationColumns} FROM operations WHERE message = ? AND id = ?`,
    );
    this.#operations = database.prepare(`SELECT ${operationColumns} FROM operations WHERE message = ?`);
    this.#write = database.prepare(
      `INSERT INTO operations(${operationColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(message, id) DO UPDATE SET
         kind = excluded.kind, by = excluded.by, hlc = excluded.hlc, origin = excluded.origin, text = excluded.text,
         pool = excluded.pool`,
    );
    this.#closes = database.prepare(
      `SELECT role, epoch, hlc, origin, body FROM decisions WHERE message = ? AND kind = 'close' AND void = 0`,
    );
    this.#releases = database.prepare(
      `SELECT body FROM decisions WHERE message = ? AND kind = 'release' AND void = 0`,
    );
    this.#mark = database.prepare(`SELECT ${markColumns} FROM marks WHERE message = ?`);
    this.#place = database.prepare(
      'SELECT row, severity, node, message_group AS "group", hlc FROM messages WHERE id = ?',
    );
    this.#writeMark = database.prepare(
      `INSERT INTO marks(message, here, state, owner, annotations, acknowledged_ms, acknowledged_by, state_hlc,
         state_origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT(message) DO UPDATE SET here = excluded.here, state = excluded.state, owner = excluded.owner,
         annotations = excluded.annotations, acknowledged_ms = excluded.acknowledged_ms,
         acknowledged_by = excluded.acknowledged_by, state_hlc = excluded.state_hlc,
         state_origin = excluded.state_origin`,
    );
    this.#removeMark = database.prepare('DELETE FROM marks WHERE message = ?');
    this.#allOperations = database.prepare(`SELECT ${operationColumns} FROM operations`);
    this.#allMarks = database.prepare(`SELECT ${markColumns} FROM marks`);
  }

  /** Answers the messages that were touched. */
  apply(operations: readonly Operation[], origin: Origin): ReadonlySet<Uuid> {
    const touched = new Set<Uuid>();
    for (const operation of operations) if (this.#add(operation, origin)) touched.add(operation.message);
    for (const message of touched) this.derive(message);
    return touched;
  }

  /** Derives the mark of the message anew; after any change to its operations or decisions. */
  derive(message: Uuid): void {
    const id = idBytes(message);
    const before = this.#mark.get<MarkRow>(id);
    const place = this.#place.get<Place>(id);
    const operations = this.operationsOn(message);
    const closes = this.#standingCloses(id);
    const known = before ? markOf(before) : untouched;
    const mark = deriveMark(operations, closes);
    if (before) this.#totals.takeHash(markHash(message, known));
    if (before?.here === 0) this.#totals.countWaiting(-1);
    // A message whose only decision became void is as if nothing had ever happened to it.
    if (operations.length === 0 && closes.length === 0) this.#removeMark.run(id);
    else this.#put(message, place, mark);
    if (!place) return;
    if (mark.state !== known.state) this.#move(place, known.state, mark.state);
    if (mark.state === known.state && mark.acknowledgedMs === known.acknowledgedMs) return;
    this.#places.count(place, known, place.severity, -1);
    this.#places.count(place, mark, place.severity, 1);
  }

  operationsOn(message: Uuid): StoredOperation[] {
    return this.#operations.all<OperationRow>(idBytes(message)).map(operationOf);
  }

  markOf(message: Uuid): Mark {
    const row = this.#mark.get<MarkRow>(idBytes(message));
    return row ? markOf(row) : untouched;
  }

  *hashes(): IterableIterator<number> {
    for (const row of this.#allOperations.iterate<OperationRow>())
      yield operationHash(uuidText(row.message), operationOf(row));
    for (const row of this.#allMarks.iterate<MarkRow>()) yield markHash(uuidText(row.message), markOf(row));
  }

  #add({ message, ...operation }: Operation, origin: Origin): boolean {
    const added: StoredOperation = { ...operation, id: operation.id.toLowerCase(), origin };
    const key = [idBytes(message), idBytes(added.id)] as const;
    const row = this.#operation.get<OperationRow>(...key);
    const known = row && operationOf(row);
    if (known && !isPreferred(added, known)) return false;
    if (known) this.#totals.takeHash(operationHash(message, known));
    const { kind, by, hlc, text, pool } = added;
    this.#write.run(...key, kind, by, hlc, origin, text ?? null, pool ?? null);
    this.#totals.addHash(operationHash(message, added));
    return true;
  }

  #put(message: Uuid, place: Place | undefined, mark: Mark): void {
    this.#writeMark.run(idBytes(message), place ? 1 : 0, ...columnsOf(mark));
    this.#totals.addHash(markHash(message, mark));
    if (!place) this.#totals.countWaiting(1);
  }

  /** Those that no release took back. */
  #standingCloses(id: Uint8Array): StandingClose[] {
    const closes = this.#closes.all<Omit<StandingClose, 'seen'> & { body: string }>(id);
    const released = closes.length === 0 ? null : this.#released(id);
    return closes.flatMap(({ body, role, epoch, hlc, origin }) => {
      const close = closeBodySchema.parse(JSON.parse(body));
      return released?.has(close.id) ? [] : [{ role, epoch, hlc, origin, seen: close.seen }];
    });
  }

  #released(id: Uint8Array): ReadonlySet<string> {
    const rows = this.#releases.all<{ body: string }>(id);
    return new Set(rows.map(({ body }) => releaseBodySchema.parse(JSON.parse(body)).close));
  }

  #move(place: Place, from: MessageState, to: MessageState): void {
    this.#totals.count(from, place.severity, -1);
    this.#totals.count(to, place.severity, 1);
    this.#duplicates.change(place.row, to);
    this.#index.setAcknowledged(place.row, to === 'acknowledged');
  }
}

export function markOf(row: Omit<MarkRow, 'message' | 'here'>): Mark {
  const { owner, annotations, acknowledgedMs, acknowledgedBy, stateHlc, stateOrigin } = row;
  const stateVersion: Version | null =
    stateHlc === null || stateOrigin === null ? null : { hlc: stateHlc, origin: stateOrigin };
  const state = row.state === 1 ? 'acknowledged' : 'open';
  return { state, owner, annotations, acknowledgedMs, acknowledgedBy, stateVersion };
}

function columnsOf(mark: Mark): (string | number | null)[] {
  const { owner, annotations, acknowledgedMs, acknowledgedBy, stateVersion } = mark;
  const state = mark.state === 'acknowledged' ? 1 : 0;
  const version = [stateVersion?.hlc ?? null, stateVersion?.origin ?? null];
  return [state, owner, annotations, acknowledgedMs, acknowledgedBy, ...version];
}

function operationOf(row: OperationRow): StoredOperation {
  const { kind, by, hlc, origin, text, pool } = row;
  const said = { ...(text !== null && { text }), ...(pool !== null && { pool }) };
  return { id: uuidText(row.id), kind, by, hlc, origin, ...said };
}

const hash = new RowHash();

function operationHash(message: Uuid, { id, kind, by, hlc, origin, text }: StoredOperation): number {
  hash.start().text('operation').text(message).text(id).text(kind).text(by);
  return hash.number(hlc).text(origin).text(text).end();
}

function markHash(message: Uuid, mark: Mark): number {
  hash.start().text('mark').text(message).text(mark.state).text(mark.owner).number(mark.annotations);
  hash.text(mark.acknowledgedBy).number(mark.acknowledgedMs ?? 0);
  return hash.end();
}
