import { z } from 'zod';
import { uuidText, type Uuid } from '../model/uuid.ts';
import type { Database, Statement } from '../runtime/database.ts';
import { idBytes } from './id-bytes.ts';

/** A message that waits for its service hours, and the close that a release has to name. */
export interface HeldMessage {
  readonly message: Uuid;
  /** Null: nobody knows when service begins. */
  readonly untilMs: number | null;
  readonly close: string;
}

interface HeldRow {
  readonly message: Uint8Array;
  readonly untilMs: number | null;
  readonly close: string;
}

const closeSchema = z.object({
  id: z.string(),
  handling: z.string().optional(),
  untilMs: z.number().nullable().optional(),
});
const releaseSchema = z.object({ close: z.string() });

/** What service rules hold back now. Follows from the standing decisions on a message alone, whatever their order of arrival. */
export class HeldMessages {
  readonly #decisions: Statement;
  readonly #find: Statement;
  readonly #write: Statement;
  readonly #remove: Statement;
  readonly #due: Statement;
  readonly #page: Statement;
  readonly #count: Statement;

  constructor(database: Database) {
    this.#decisions = database.prepare(
      `SELECT kind, body FROM decisions WHERE message = ? AND kind IN ('close', 'release') AND void = 0
       ORDER BY epoch DESC, hlc DESC, origin DESC, seq DESC, item DESC`,
    );
    this.#find = database.prepare('SELECT close FROM held WHERE message = ?');
    this.#write = database.prepare(
      `INSERT INTO held(message, until_ms, close) VALUES (?, ?, ?) ON CONFLICT(message) DO UPDATE SET
         until_ms = excluded.until_ms, close = excluded.close`,
    );
    this.#remove = database.prepare('DELETE FROM held WHERE message = ?');
    const columns = 'message, until_ms AS untilMs, close';
    this.#due = database.prepare(`SELECT ${columns} FROM held WHERE until_ms <= ? ORDER BY until_ms LIMIT ?`);
    this.#page = database.prepare(`SELECT ${columns} FROM held WHERE message > ? ORDER BY message LIMIT ?`);
    this.#count = database.prepare('SELECT count(*) AS count FROM held');
  }

  /** After any change to the closes and releases of the message. */
  derive(message: Uuid): void {
    const id = idBytes(message);
    const rows = this.#decisions.all<{ kind: string; body: string }>(id);
    const parsed = rows.map(({ kind, body }) => ({ kind, body: JSON.parse(body) as unknown }));
    const released = new Set(
      parsed.flatMap(({ kind, body }) => (kind === 'release' ? [releaseSchema.parse(body).close] : [])),
    );
    const held = parsed
      .flatMap(({ kind, body }) => (kind === 'close' ? [closeSchema.parse(body)] : []))
      .find(({ id: close, handling }) => handling === 'held' && !released.has(close));
    if (held) this.#write.run(id, held.untilMs ?? null, held.id);
    else if (this.#find.get(id)) this.#remove.run(id);
  }

  /** Whose service hours have begun, the first that did first. */
  due(nowMs: number, limit: number): HeldMessage[] {
    return this.#due.all<HeldRow>(nowMs, limit).map(heldOf);
  }

  /** All of them, by ID; `after` is the last of the page before. */
  page(after: Uuid | null, limit: number): HeldMessage[] {
    return this.#page.all<HeldRow>(after === null ? new Uint8Array() : idBytes(after), limit).map(heldOf);
  }

  count(): number {
    return this.#count.get<{ count: number }>()?.count ?? 0;
  }
}

function heldOf({ message, untilMs, close }: HeldRow): HeldMessage {
  return { message: uuidText(message), untilMs, close };
}
