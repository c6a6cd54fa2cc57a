import type { MessageSame } from '../model/api.ts';
import type { MessageState } from '../model/operation.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Database, Statement } from '../runtime/database.ts';
import { DuplicateSets } from './duplicate-sets.ts';
import { messageOf, type MessageColumns } from './message-columns.ts';
import { samenessOf, type SaidMessage } from './sameness.ts';
import { hashText } from './state-hash.ts';

/** So many rows are read in one go: a few milliseconds. */
const rowsAtOnce = 4_000;

type StoredRow = MessageColumns & { readonly row: number; readonly nodeId: Uuid; readonly state: number };

/**
 * Which messages say the same (sameness.ts), for who looks at them grouped. Modes: idle (nobody asked yet, costs nothing),
 * reading (rows up to `upTo` are in, a chunk at a time), complete. Kept in memory as rows come, go and change, 25 bytes
 * a message; after a rollback it starts anew. Every count is the number of members of a set of rows, each of which is one
 * ID: what arrives twice is counted once.
 */
export class Duplicates {
  readonly #rows: Statement;
  #sets = new DuplicateSets();
  #mode: 'idle' | 'reading' | 'complete' = 'idle';
  #upTo = 0;
  #work: Promise<void> | null = null;

  constructor(database: Database) {
    this.#rows = database.prepare(
      `SELECT m.row, n.core_id AS nodeId, m.id, m.severity, m.created_ms AS createdMs, m.text, m.application, m.object,
         m.message_group AS messageGroup, m.key, m.source, m.attributes, coalesce(k.state, 0) AS state
       FROM (SELECT * FROM messages WHERE row > ? ORDER BY row LIMIT ?) m JOIN nodes n ON n.number = m.node
       LEFT JOIN marks k ON k.message = m.id ORDER BY m.row`,
    );
  }

  /** A message came into view. */
  add(row: number, node: Uuid, message: SaidMessage, state: MessageState): void {
    if (this.#covers(row)) this.#sets.add(row, message.id, samenessOf(node, message), state);
  }

  /** A message changed its state; null: it left the view. */
  change(row: number, state: MessageState | null): void {
    if (this.#covers(row)) this.#sets.change(row, state);
  }

  forget(): void {
    this.#mode = 'idle';
    this.#sets = new DuplicateSets();
  }

  get isComplete(): boolean {
    return this.#mode === 'complete';
  }

  /** Reads all messages when first asked, seconds for a million; `pause` lets other work in between two chunks. */
  async complete(pause: () => Promise<void>): Promise<void> {
    while (this.#mode !== 'complete')
      await (this.#work ??= this.#readAll(pause).finally(() => {
        this.#work = null;
      }));
  }

  /** The newest of its set in that state (any, where none is given). Only once complete. */
  isNewest(row: number, state: MessageState | undefined): boolean {
    return this.#sets.newestLike(row, state) === row;
  }

  /** The rows of one set; of none, where no message says that. Only once complete. */
  isLike(key: string): (row: number) => boolean {
    return this.#sets.isIn(Number.parseInt(key, 16));
  }

  /** What it says, and how many messages say the same; null unless complete. */
  sameAs(row: number): MessageSame | null {
    if (this.#mode !== 'complete') return null;
    const { key, open, acknowledged } = this.#sets.countsLike(row);
    return { key: hashText(key), open, acknowledged };
  }

  #covers(row: number): boolean {
    return this.#mode === 'complete' || (this.#mode === 'reading' && row <= this.#upTo);
  }

  async #readAll(pause: () => Promise<void>): Promise<void> {
    this.#sets = new DuplicateSets();
    this.#upTo = 0;
    this.#mode = 'reading';
    while (this.#isReading()) {
      const rows = this.#rows.all<StoredRow>(this.#upTo, rowsAtOnce);
      for (const stored of rows) {
        const message = messageOf(stored);
        const state = stored.state === 1 ? 'acknowledged' : 'open';
        this.#sets.add(stored.row, message.id, samenessOf(stored.nodeId, message), state);
        this.#upTo = stored.row;
      }
      if (rows.length < rowsAtOnce) this.#mode = 'complete';
      else await pause();
    }
  }

  #isReading(): boolean {
    return this.#mode === 'reading';
  }
}
