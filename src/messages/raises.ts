import { z } from 'zod';
import { messageSchema, type Message } from '../model/message.ts';
import { compareVersions, type Version } from '../model/operation.ts';
import type { Origin } from '../model/origin.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Database, Statement } from '../runtime/database.ts';
import { idBytes } from './id-bytes.ts';
import { isEarlier, isSameContent, type MessageRows, type PresentMessage } from './message-rows.ts';

interface Candidate {
  readonly node: Uuid;
  readonly stamp: Version;
  readonly message: Message;
}

export const raiseBodySchema = z.object({ node: z.uuid(), message: messageSchema });

/**
 * Messages that decisions raised. Which one is in view follows from all standing raises of its ID and from what a node
 * sent under it (`contested`, which hardly ever happens): the lowest stamp counts. None left: the message goes.
 */
export class Raises {
  readonly #rows: MessageRows;
  readonly #standing: Statement;
  readonly #contested: Statement;
  readonly #contest: Statement;

  constructor(database: Database, rows: MessageRows) {
    this.#rows = rows;
    this.#standing = database.prepare(
      `SELECT hlc, origin, body FROM decisions WHERE message = ? AND kind = 'raise' AND void = 0 ORDER BY hlc, origin, seq, item`,
    );
    this.#contested = database.prepare('SELECT node, hlc, origin, body FROM contested WHERE message = ?');
    this.#contest = database.prepare(
      `INSERT INTO contested(message, node, hlc, origin, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT(message) DO UPDATE SET
         node = excluded.node, hlc = excluded.hlc, origin = excluded.origin, body = excluded.body`,
    );
  }

  /** A node sent a message whose ID a decision raised too. */
  contest(node: Uuid, stamp: Version, message: Message): void {
    this.#keep(node, stamp, message);
    this.derive(message.id);
  }

  /** Derives what is in view under this ID anew; after a raise came or became void. */
  derive(message: Uuid): void {
    const known = this.#rows.find(message);
    if (known && !known.raised) this.#keep(known.node, known.stamp, known.message);
    const [best] = this.#candidates(message).sort((a, b) => compareVersions(a.stamp, b.stamp));
    if (known && best && known.raised && isSame(known, best)) return;
    if (known) this.#rows.remove(known);
    if (best) this.#rows.insert(this.#rows.arrivalOf(best.node, best.stamp), best.message, true);
  }

  #candidates(message: Uuid): Candidate[] {
    const id = idBytes(message);
    const raised = this.#standing.all<Version & { body: string }>(id).map(({ hlc, origin, body }) => ({
      ...raiseBodySchema.parse(JSON.parse(body)),
      stamp: { hlc, origin },
    }));
    const sent = this.#contestedOf(id);
    return sent ? [...raised, sent] : raised;
  }

  #keep(node: Uuid, stamp: Version, message: Message): void {
    const id = idBytes(message.id);
    const known = this.#contestedOf(id);
    if (known && !isEarlier(stamp, known.stamp)) return;
    this.#contest.run(id, node, stamp.hlc, stamp.origin, JSON.stringify(message));
  }

  #contestedOf(id: Uint8Array): Candidate | null {
    type Row = { node: Uuid; hlc: number; origin: Origin; body: string };
    const row = this.#contested.get<Row>(id);
    if (!row) return null;
    const message = messageSchema.parse(JSON.parse(row.body));
    return { node: row.node, stamp: { hlc: row.hlc, origin: row.origin }, message };
  }
}

function isSame(known: PresentMessage, best: Candidate): boolean {
  return (
    known.node === best.node &&
    compareVersions(known.stamp, best.stamp) === 0 &&
    isSameContent(known, best.message)
  );
}
