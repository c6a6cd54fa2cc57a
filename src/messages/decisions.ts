import { z } from 'zod';
import type { Decision, EntryBody, RuleProgress } from '../model/entry.ts';
import { handlings, type Handling } from '../model/operation.ts';
import { isOrigin, type Origin } from '../model/origin.ts';
import { uuidText, type Uuid } from '../model/uuid.ts';
import type { EntryStamp } from '../journal/applier.ts';
import type { Database, Statement } from '../runtime/database.ts';
import type { HeldMessages } from './held-messages.ts';
import { idBytes } from './id-bytes.ts';
import type { Marks } from './marks.ts';
import type { Nodes } from './nodes.ts';
import type { Raises } from './raises.ts';
import type { ProgressRows } from './rule-progress.ts';
import { RowHash } from './state-hash.ts';
import type { Totals } from './totals.ts';
import { isVoid, type DecisionPlace, type Takeover } from './voiding.ts';

interface DecisionRow extends DecisionPlace {
  readonly item: number;
  readonly hlc: number;
  readonly void: number;
  readonly kind: Decision['kind'];
  readonly message: Uint8Array;
  readonly body: string;
}

/** A close in the history of a message, or a release that took one back. */
export interface CloseRecord {
  readonly kind: 'close' | 'release';
  readonly id: string;
  readonly role: string;
  readonly epoch: number;
  readonly hlc: number;
  readonly because: string;
  readonly void: boolean;
  readonly handling: Handling | null;
  readonly untilMs: number | null;
}

const columns = 'origin, seq, item, role, epoch, hlc, void, kind, message, body';
const positionsSchema = z.record(z.string().refine(isOrigin), z.int().min(0));
const closeSchema = z.object({
  id: z.string(),
  because: z.string(),
  handling: z.enum(handlings).optional(),
  untilMs: z.number().nullable().optional(),
});

interface Parts {
  readonly totals: Totals;
  readonly marks: Marks;
  readonly raises: Raises;
  readonly nodes: Nodes;
  readonly held: HeldMessages;
  readonly progress: ProgressRows;
  /** What was decided about sharing that message, or closing it, is another thing now. */
  shared(message: Uuid): void;
}

/** What holders of roles decided, and which of it is void. A decision once void never stands again. */
export class Decisions {
  readonly #parts: Parts;
  readonly #insert: Statement;
  readonly #void: Statement;
  readonly #below: Statement;
  readonly #insertTakeover: Statement;
  readonly #takeoversAbove: Statement;
  readonly #raiseEpoch: Statement;
  readonly #epochs: Statement;
  readonly #closes: Statement;
  readonly #all: Statement;
  /** As the table `epochs` has them: asked for with every answer to another server. */
  #highest: Readonly<Record<string, number>>;

  constructor(database: Database, parts: Parts) {
    this.#parts = parts;
    this.#insert = database.prepare(
      `INSERT INTO decisions(${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(origin, seq, item) DO NOTHING`,
    );
    this.#void = database.prepare('UPDATE decisions SET void = 1 WHERE origin = ? AND seq = ? AND item = ?');
    this.#below = database.prepare(
      `SELECT ${columns} FROM decisions WHERE role = ? AND epoch < ? ORDER BY origin, seq, item`,
    );
    this.#insertTakeover = database.prepare(
      'INSERT OR IGNORE INTO takeovers(role, epoch, origin, seq, positions) VALUES (?, ?, ?, ?, ?)',
    );
    this.#takeoversAbove = database.prepare(
      'SELECT role, epoch, positions FROM takeovers WHERE role = ? AND epoch > ?',
    );
    this.#raiseEpoch = database.prepare(
      `INSERT INTO epochs(role, epoch) VALUES (?, ?) ON CONFLICT(role) DO UPDATE SET epoch = max(epoch, excluded.epoch)`,
    );
    this.#epochs = database.prepare('SELECT role, epoch FROM epochs');
    this.#closes = database.prepare(
      `SELECT ${columns} FROM decisions WHERE message = ? AND kind IN ('close', 'release') ORDER BY hlc, origin`,
    );
    this.#all = database.prepare(`SELECT ${columns} FROM decisions`);
    this.#highest = this.#readEpochs();
  }

  reload(): void {
    this.#highest = this.#readEpochs();
  }

  apply({ role, epoch, decisions, progress }: EntryBody<'decisions'>, stamp: EntryStamp): void {
    this.#raise(role, epoch);
    const place = { role, epoch, origin: stamp.origin, seq: stamp.seq };
    const dead = isVoid(place, this.#takeovers(role, epoch));
    for (const [item, decision] of decisions.entries()) this.#add(place, item, stamp.hlc, decision, dead);
    if (progress && !dead) this.#parts.progress.add(place, progress);
  }

  applyTakeover({ role, epoch, positions }: EntryBody<'takeover'>, stamp: EntryStamp): void {
    this.#raise(role, epoch);
    this.#insertTakeover.run(role, epoch, stamp.origin, stamp.seq, JSON.stringify(positions));
    for (const row of this.#matching(
      role,
      epoch,
      (row) => row.void === 0 && isVoid(row, [{ role, epoch, positions }]),
    ))
      this.#makeVoid(row);
  }

  /** The highest epoch of each role that a decision or a takeover ever showed here. */
  epochs(): Readonly<Record<string, number>> {
    return this.#highest;
  }

  closesOf(message: Uuid): CloseRecord[] {
    return this.#closes.all<DecisionRow>(idBytes(message)).map((row) => {
      const { handling = null, untilMs = null, ...told } = closeSchema.parse(JSON.parse(row.body));
      const kind = row.kind === 'release' ? 'release' : 'close';
      const { role, epoch, hlc } = row;
      return { ...told, kind, handling, untilMs, role, epoch, hlc, void: row.void === 1 };
    });
  }

  /** How far the rules of servers were asked, as the last holder that counts said. */
  progress(role: string): RuleProgress | null {
    return this.#parts.progress.last(role, (epoch) => this.#takeovers(role, epoch));
  }

  /** Messages whose view a takeover may have changed. */
  touchedBy({ role, epoch }: EntryBody<'takeover'>): Uuid[] {
    return this.#matching(role, epoch, (row) => row.void === 1).map((row) => uuidText(row.message));
  }

  /** Of all decisions below an epoch, years of them perhaps, only those that match are ever in memory together. */
  #matching(role: string, epoch: number, matches: (row: DecisionRow) => boolean): DecisionRow[] {
    const found: DecisionRow[] = [];
    for (const row of this.#below.iterate<DecisionRow>(role, epoch)) if (matches(row)) found.push(row);
    return found;
  }

  *hashes(): IterableIterator<number> {
    for (const row of this.#all.iterate<DecisionRow>()) yield hashOf(row, row.void === 1);
  }

  #add(place: DecisionPlace, item: number, hlc: number, decision: Decision, dead: boolean): void {
    const { role, epoch, origin, seq } = place;
    const message = decision.kind === 'raise' ? decision.message.id : decision.message;
    const body = JSON.stringify(decision);
    const flag = dead ? 1 : 0;
    const done = this.#insert.run(
      origin,
      seq,
      item,
      role,
      epoch,
      hlc,
      flag,
      decision.kind,
      idBytes(message),
      body,
    );
    if (done.changes === 0) return;
    this.#parts.totals.addHash(hashOf({ origin, seq, item }, dead));
    if (decision.kind === 'raise')
      this.#parts.nodes.meet(decision.node, decision.nodeName, { hlc, origin }, false);
    // That anything was ever shared with a pool is known also where it turns out to be void.
    if (!dead || decision.kind === 'share') this.#derive(decision.kind, message);
  }

  #raise(role: string, epoch: number): void {
    if (epoch <= (this.#highest[role] ?? 0)) return;
    this.#raiseEpoch.run(role, epoch);
    this.#highest = { ...this.#highest, [role]: epoch };
  }

  #readEpochs(): Readonly<Record<string, number>> {
    const rows = this.#epochs.all<{ role: string; epoch: number }>();
    return Object.fromEntries(rows.map(({ role, epoch }) => [role, epoch]));
  }

  #makeVoid(row: DecisionRow): void {
    this.#void.run(row.origin, row.seq, row.item);
    this.#parts.totals.takeHash(hashOf(row, false));
    this.#parts.totals.addHash(hashOf(row, true));
    this.#derive(row.kind, uuidText(row.message));
  }

  #derive(kind: Decision['kind'], message: Uuid): void {
    if (kind === 'raise') return this.#parts.raises.derive(message);
    this.#parts.shared(message);
    if (kind === 'share') return;
    this.#parts.marks.derive(message);
    this.#parts.held.derive(message);
  }

  #takeovers(role: string, above: number): Takeover[] {
    return this.#takeoversAbove
      .all<{ role: string; epoch: number; positions: string }>(role, above)
      .map((row) => ({ ...row, positions: positionsSchema.parse(JSON.parse(row.positions)) }));
  }
}

const hash = new RowHash();

function hashOf(row: { origin: Origin; seq: number; item: number }, dead: boolean): number {
  hash
    .start()
    .text('decision')
    .text(row.origin)
    .number(row.seq)
    .number(row.item)
    .number(dead ? 1 : 0);
  return hash.end();
}
