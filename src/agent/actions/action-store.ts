import { actionReportSchema, type ActionOrder, type ActionReport } from '../../model/action.ts';
import { codeOf, textOf } from '../../model/errors.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Database, Statement } from '../../runtime/database.ts';
import type { Runtime } from '../../runtime/runtime.ts';

/** So many actions are remembered one by one; of those before only up to which deadline they went. */
const rememberedMax = 4_096;
const batchReportsMax = 100;
const batchCharsMax = 262_144;

/**
 * actions: what was begun or refused; `ended` is 0 while the program runs. A row is the memory that it must not be begun again.
 * reports: what the pool has not stored twice yet, in the order in which it was written.
 * facts: `floorMs`, the highest deadline of a forgotten action: what has a lower one may have been done. `sinceMs`, when this
 * memory began: what was asked before may have been done too. `epoch ROLE`, the highest that was seen.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS actions(
    id TEXT PRIMARY KEY, deadlineMs INTEGER NOT NULL, ended INTEGER NOT NULL, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS reports(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS reports_by_action ON reports(action);
  CREATE TABLE IF NOT EXISTS facts(key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;`;

type Ended = ActionReport & { readonly kind: 'ended' };
type Output = ActionReport & { readonly kind: 'output' };
export type Ending = Omit<Ended, 'kind' | 'action' | 'number'>;

/** What an agent remembers of actions. Everything is on the disk when a call returns. */
export class ActionStore implements Disposable {
  readonly #database: Database;
  readonly #remembered: number;
  readonly #find: Statement;
  readonly #insert: Statement;
  readonly #next: Statement;
  readonly #end: Statement;
  readonly #insertReport: Statement;
  readonly #unsent: Statement;
  readonly #forgetReport: Statement;
  readonly #fact: Statement;
  readonly #raise: Statement;

  private constructor(database: Database, remembered: number) {
    this.#database = database;
    this.#remembered = remembered;
    this.#find = database.prepare('SELECT 1 AS found FROM actions WHERE id = ?');
    this.#insert = database.prepare('INSERT INTO actions(id, deadlineMs, ended, number) VALUES (?, ?, 0, 0)');
    this.#next = database.prepare('UPDATE actions SET number = number + 1 WHERE id = ? RETURNING number');
    this.#end = database.prepare('UPDATE actions SET ended = 1 WHERE id = ?');
    this.#insertReport = database.prepare('INSERT INTO reports(action, body) VALUES (?, ?)');
    this.#unsent = database.prepare('SELECT seq, body FROM reports WHERE seq > ? ORDER BY seq LIMIT ?');
    this.#forgetReport = database.prepare('DELETE FROM reports WHERE seq = ?');
    this.#fact = database.prepare('SELECT value FROM facts WHERE key = ?');
    this.#raise = database.prepare(
      'INSERT INTO facts(key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = max(value, excluded.value)',
    );
  }

  /**
   * What ran when the agent ended is over, with an end that nobody saw. A damaged file is moved aside: a memory that begins
   * now makes the agent refuse what was asked before.
   */
  static async open(
    { databases, files, clock, log }: Pick<Runtime, 'databases' | 'files' | 'clock' | 'log'>,
    path: string,
    remembered = rememberedMax,
  ): Promise<ActionStore> {
    const openHere = (): ActionStore => {
      const database = databases.open(path, { synchronous: 'full', busyMs: 2_000 });
      try {
        database.exec(schema);
        const store = new ActionStore(database, remembered);
        store.#begin(clock.wallMs());
        return store;
      } catch (error) {
        database.close();
        throw error;
      }
    };
    try {
      return openHere();
    } catch (error) {
      if (codeOf(error) !== 'WK_DAMAGED') throw error;
      const movedTo = `${path}.damaged-${clock.wallMs()}`;
      log.error('what was remembered of actions is damaged and moved aside', {
        movedTo,
        error: textOf(error),
      });
      for (const part of ['', '-wal', '-shm'])
        if (await files.status(path + part)) await files.rename(path + part, movedTo + part);
      return openHere();
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  /** It was begun or refused here, and is not to be begun (again). */
  knows(id: Uuid): boolean {
    return this.#find.get(id) !== undefined;
  }

  /** Why it may have been done by an agent that has forgotten it; null when it cannot. */
  whyForgotten({ askedMs, deadlineMs }: Pick<ActionOrder, 'askedMs' | 'deadlineMs'>): string | null {
    if (askedMs < this.#factOf('sinceMs'))
      return 'it was asked before the memory of this agent begins, and may have been done';
    if (deadlineMs > this.#factOf('floorMs')) return null;
    return 'it is older than what this agent remembers, and may have been done';
  }

  /** The highest epoch of the role that an order brought. */
  epochOf(role: string): number {
    return this.#factOf(`epoch ${role}`);
  }

  /** Before the program is started. */
  started({ id, deadlineMs, decision }: ActionOrder, atMs: number): void {
    this.#database.transaction(() => {
      this.#remember(id, deadlineMs);
      if (decision !== null) this.#raise.run(`epoch ${decision.role}`, decision.epoch);
      this.#write({ kind: 'started', action: id, number: 0, atMs });
    });
  }

  printed(action: Uuid, pieces: readonly Pick<Output, 'stream' | 'text'>[]): void {
    this.#database.transaction(() => {
      for (const piece of pieces)
        this.#write({ kind: 'output', action, number: this.#numberOf(action), ...piece });
    });
  }

  ended(action: Uuid, ending: Ending): void {
    this.#database.transaction(() => this.#ended(action, ending));
  }

  /** It was never started, and never will be. */
  refused(id: Uuid, deadlineMs: number, ending: Ending): void {
    this.#database.transaction(() => {
      this.#remember(id, deadlineMs);
      this.#ended(id, ending);
    });
  }

  /** The oldest behind a place, as many as go into one frame. */
  unsent(after: number): { readonly seqs: readonly number[]; readonly reports: readonly ActionReport[] } {
    const seqs: number[] = [];
    const reports: ActionReport[] = [];
    let chars = 0;
    for (const { seq, body } of this.#unsent.all<{ seq: number; body: string }>(after, batchReportsMax)) {
      chars += body.length;
      if (reports.length > 0 && chars > batchCharsMax) break;
      seqs.push(seq);
      reports.push(actionReportSchema.parse(JSON.parse(body)));
    }
    return { seqs, reports };
  }

  /** The pool has them. */
  stored(seqs: readonly number[]): void {
    this.#database.transaction(() => {
      for (const seq of seqs) this.#forgetReport.run(seq);
    });
  }

  #begin(nowMs: number): void {
    this.#database.transaction(() => {
      if (this.#factOf('sinceMs') === 0) this.#raise.run('sinceMs', nowMs);
      const running = this.#database.prepare('SELECT id FROM actions WHERE ended = 0').all<{ id: string }>();
      const because =
        'the agent ended while the program ran; whether that went on, and how it ended, was not seen';
      for (const { id } of running)
        this.#ended(id, { atMs: nowMs, result: 'unknown', exitCode: null, because, cut: false });
    });
  }

  #ended(action: Uuid, ending: Ending): void {
    this.#end.run(action);
    this.#write({ kind: 'ended', action, number: this.#numberOf(action), ...ending });
  }

  #numberOf(action: Uuid): number {
    return this.#next.get<{ number: number }>(action)?.number ?? 0;
  }

  #write(report: ActionReport): void {
    this.#insertReport.run(report.action, JSON.stringify(report));
  }

  #factOf(key: string): number {
    return this.#fact.get<{ value: number }>(key)?.value ?? 0;
  }

  #remember(id: Uuid, deadlineMs: number): void {
    this.#insert.run(id, deadlineMs);
    const old = this.#database
      .prepare(
        `SELECT id, deadlineMs FROM actions WHERE ended = 1 AND id NOT IN (SELECT action FROM reports)
         ORDER BY deadlineMs DESC, id LIMIT -1 OFFSET ${this.#remembered}`,
      )
      .all<{ id: string; deadlineMs: number }>();
    for (const one of old) {
      this.#raise.run('floorMs', one.deadlineMs);
      this.#database.prepare('DELETE FROM actions WHERE id = ?').run(one.id);
    }
  }
}
