import type { Uuid } from '../model/uuid.ts';
import type { Message } from '../model/message.ts';
import { severityRank } from '../model/severity.ts';
import { invariant } from '../model/invariant.ts';
import type { Database, Statement } from '../runtime/database.ts';
import {
  acknowledgedSlice,
  gramBits,
  groupSlices,
  keySlices,
  nodeSlices,
  setTextBits,
  severitySlice,
  sliceCount,
  type SliceTerms,
} from './slices.ts';

/** Four slices fill a page of the database; a segment being filled takes 0.7 MB of memory. */
export const segmentRows = 8_000;
const sliceBytes = segmentRows / 8;
const sliceWords = sliceBytes / 4;
const slicesPerSegmentMax = 1_024;
/** Where the set of letters and pairs is stored, beside the slices. */
const gramsPlace = slicesPerSegmentMax - 1;

/** What all rows of a segment have in common, so that a query can pass it by. */
export interface Segment {
  readonly segment: number;
  minId: Uuid;
  maxId: Uuid;
  minCreatedMs: number;
  maxCreatedMs: number;
}

/** The message as the index needs it. `row` is one above the highest ever given. */
export interface IndexedMessage {
  readonly row: number;
  readonly node: number;
  readonly acknowledged: boolean;
  readonly message: Pick<Message, 'id' | 'createdMs' | 'severity' | 'text' | 'group' | 'key'>;
}

/**
 * The index behind every filter: 8,000 messages in order of arrival form a segment, and for each slice (slices.ts) a
 * segment has one bit a message. A query reads the few slices it needs and ANDs them. Setting bits in memory costs a
 * microsecond a message, where a trigram index costs 14 and each B-tree one to two; a full segment is written once.
 *
 * The last segment lives in memory only. Modes: unread, after `reload` (at start and after a rollback), and filled: the
 * last segment's bits are read from its rows when a query or a full segment first needs them, since a server that
 * nobody asks, or that fails to commit every second, need not read thousands of rows for it. Inside a transaction the
 * memory runs ahead of the database; after a rollback the owner calls `reload`.
 */
export class FilterIndex {
  readonly #insertSegment: Statement;
  readonly #insertSlice: Statement;
  readonly #slice: Statement;
  readonly #allSegments: Statement;
  readonly #dirty = new Map<number, Uint8Array>();
  readonly #bits = new Uint8Array(sliceCount * sliceBytes);
  readonly #grams = new Uint8Array(gramBits / 8);
  readonly #rows: (above: number) => Iterable<IndexedMessage>;
  #sealed: Segment[] = [];
  #open: Segment = emptySegment(0);
  #openRows = 0;
  #isFilled = false;

  /** `rows` answers the messages above a row, in order. Call `reload` before anything else. */
  constructor(database: Database, rows: (above: number) => Iterable<IndexedMessage>) {
    this.#rows = rows;
    this.#insertSegment = database.prepare(
      'INSERT INTO segments(segment, min_id, max_id, min_created_ms, max_created_ms) VALUES (?, ?, ?, ?, ?)',
    );
    this.#insertSlice = database.prepare(
      'INSERT INTO slices(row, bits) VALUES (?, ?) ON CONFLICT(row) DO UPDATE SET bits = excluded.bits',
    );
    this.#slice = database.prepare('SELECT bits FROM slices WHERE row = ?');
    this.#allSegments = database.prepare(
      `SELECT segment, min_id AS minId, max_id AS maxId, min_created_ms AS minCreatedMs,
         max_created_ms AS maxCreatedMs FROM segments ORDER BY segment`,
    );
  }

  /** Forgets what was not committed; reads the segments anew. */
  reload(): void {
    this.#dirty.clear();
    this.#sealed = this.#allSegments.all<Segment>().map((segment) => ({ ...segment }));
    this.#startSegment(this.#sealed.length);
    this.#isFilled = false;
  }

  /** Rows come in rising order, each once it is in its table; rows left out were deleted since. */
  add(added: IndexedMessage): void {
    if (added.row > (this.#open.segment + 1) * segmentRows) this.#fill();
    if (this.#isFilled) this.#put(added);
  }

  #fill(): void {
    if (this.#isFilled) return;
    this.#startSegment(this.#sealed.length);
    for (const message of this.#rows(this.#sealed.length * segmentRows)) this.#put(message);
    this.#isFilled = true;
  }

  /** Putting a row a second time changes nothing. */
  #put({ row, node, acknowledged, message }: IndexedMessage): void {
    while (row > (this.#open.segment + 1) * segmentRows) this.#seal();
    const place = row - 1 - this.#open.segment * segmentRows;
    invariant(place >= 0, `message row ${row} belongs to a segment that is full`);
    this.#widen(message.id, message.createdMs);
    setTextBits(this.#bits, this.#grams, sliceBytes, place, message.text);
    this.#set(severitySlice(severityRank(message.severity)), place);
    for (const slice of nodeSlices(node)) this.#set(slice, place);
    if (message.group !== undefined) for (const slice of groupSlices(message.group)) this.#set(slice, place);
    if (message.key !== undefined) for (const slice of keySlices(message.key)) this.#set(slice, place);
    if (acknowledged) this.#set(acknowledgedSlice, place);
    this.#openRows = place + 1;
  }

  /** Inside a transaction; written with `flush`. */
  setAcknowledged(row: number, acknowledged: boolean): void {
    const segment = Math.floor((row - 1) / segmentRows);
    const place = (row - 1) % segmentRows;
    if (segment === this.#open.segment && !this.#isFilled) return;
    const bits =
      segment === this.#open.segment ? this.#openSlice(acknowledgedSlice) : this.#dirtySlice(segment);
    const bit = 1 << (place & 7);
    const before = bits[place >>> 3] ?? 0;
    bits[place >>> 3] = acknowledged ? before | bit : before & ~bit;
  }

  /** The last step of a transaction. */
  flush(): void {
    for (const [segment, bits] of this.#dirty)
      this.#insertSlice.run(segment * slicesPerSegmentMax + acknowledgedSlice, bits);
    this.#dirty.clear();
  }

  segments(): readonly Segment[] {
    this.#fill();
    return this.#openRows === 0 ? this.#sealed : [...this.#sealed, this.#open];
  }

  /** Rows of the segment that may pass; every row that passes is among them. */
  candidates(segment: number, terms: SliceTerms): number[] {
    this.#fill();
    if (terms.gram !== null && !this.#hasGram(segment, terms.gram)) return [];
    const found = ones(segment === this.#open.segment ? this.#openRows : segmentRows);
    for (const slices of terms.all)
      if (!keepAny(found, slices, (slice) => this.#read(segment, slice))) return [];
    for (const slice of terms.none) drop(found, this.#read(segment, slice));
    return rowsOf(found, segment * segmentRows + 1);
  }

  #hasGram(segment: number, gram: number): boolean {
    const grams = segment === this.#open.segment ? this.#grams : this.#stored(segment, gramsPlace);
    return grams !== null && ((grams[gram >>> 3] ?? 0) & (1 << (gram & 7))) !== 0;
  }

  #set(slice: number, place: number): void {
    const at = slice * sliceBytes + (place >>> 3);
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (place & 7));
  }

  #widen(id: Uuid, createdMs: number): void {
    const open = this.#open;
    if (id < open.minId) open.minId = id;
    if (id > open.maxId) open.maxId = id;
    open.minCreatedMs = Math.min(open.minCreatedMs, createdMs);
    open.maxCreatedMs = Math.max(open.maxCreatedMs, createdMs);
  }

  #seal(): void {
    const { segment, minId, maxId, minCreatedMs, maxCreatedMs } = this.#open;
    this.#insertSegment.run(segment, minId, maxId, minCreatedMs, maxCreatedMs);
    for (let slice = 0; slice < sliceCount; slice++) {
      const bits = this.#openSlice(slice);
      if (bits.some((byte) => byte !== 0)) this.#insertSlice.run(segment * slicesPerSegmentMax + slice, bits);
    }
    this.#insertSlice.run(segment * slicesPerSegmentMax + gramsPlace, this.#grams);
    this.#sealed.push(this.#open);
    this.#startSegment(segment + 1);
  }

  #startSegment(segment: number): void {
    this.#bits.fill(0);
    this.#grams.fill(0);
    this.#open = emptySegment(segment);
    this.#openRows = 0;
  }

  #openSlice(slice: number): Uint8Array {
    return this.#bits.subarray(slice * sliceBytes, (slice + 1) * sliceBytes);
  }

  #dirtySlice(segment: number): Uint8Array {
    const known = this.#dirty.get(segment);
    if (known) return known;
    const stored = this.#stored(segment, acknowledgedSlice) ?? new Uint8Array(sliceBytes);
    this.#dirty.set(segment, stored);
    return stored;
  }

  #read(segment: number, slice: number): Uint8Array | null {
    return segment === this.#open.segment ? this.#openSlice(slice) : this.#stored(segment, slice);
  }

  /** Null for a slice without a single bit: it is not stored. */
  #stored(segment: number, slice: number): Uint8Array | null {
    return this.#slice.get<{ bits: Uint8Array }>(segment * slicesPerSegmentMax + slice)?.bits ?? null;
  }
}

function emptySegment(segment: number): Segment {
  return {
    segment,
    minId: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    maxId: '00000000-0000-0000-0000-000000000000',
    minCreatedMs: Number.MAX_SAFE_INTEGER,
    maxCreatedMs: 0,
  };
}

/** 32 rows a word: a query goes through a hundred thousand words, so they count. */
function ones(rows: number): Uint32Array {
  const bits = new Uint32Array(sliceWords);
  bits.fill(0xffff_ffff, 0, rows >>> 5);
  if ((rows & 31) !== 0) bits[rows >>> 5] = 2 ** (rows & 31) - 1;
  return bits;
}

/** Little-endian, as the bytes were set; copied where they do not lie on a word's border. */
function wordsOf(bits: Uint8Array): Uint32Array {
  const aligned = bits.byteOffset % 4 === 0 ? bits : Uint8Array.from(bits);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, sliceWords);
}

/** ANDs `found` with the OR of the slices; false when nothing is left. */
function keepAny(
  found: Uint32Array,
  slices: readonly number[],
  read: (slice: number) => Uint8Array | null,
): boolean {
  const readable = slices
    .map(read)
    .filter((bits) => bits !== null)
    .map(wordsOf);
  let left = 0;
  for (let word = 0; word < sliceWords; word++) {
    if (found[word] === 0) continue;
    let any = 0;
    for (const bits of readable) any |= bits[word] ?? 0;
    found[word] = (found[word] ?? 0) & any;
    left |= found[word] ?? 0;
  }
  return left !== 0;
}

function drop(found: Uint32Array, bits: Uint8Array | null): void {
  if (!bits) return;
  const words = wordsOf(bits);
  for (let word = 0; word < sliceWords; word++) found[word] = (found[word] ?? 0) & ~(words[word] ?? 0);
}

function rowsOf(found: Uint32Array, firstRow: number): number[] {
  const rows: number[] = [];
  for (let word = 0; word < sliceWords; word++) {
    const bits = found[word] ?? 0;
    for (let bit = 0; bit < 32 && bits >>> bit !== 0; bit++)
      if ((bits >>> bit) & 1) rows.push(firstRow + word * 32 + bit);
  }
  return rows;
}
