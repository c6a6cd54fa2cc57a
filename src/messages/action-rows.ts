import {
  actionOrderSchema,
  actionReportSchema,
  type ActionOrder,
  type ActionReport,
  type SignedOrder,
} from '../model/action.ts';
import type { OutputPiece } from '../model/action-api.ts';
import type { EntryBody } from '../model/entry.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Database, SqlValue, Statement } from '../runtime/database.ts';
import { idBytes } from './id-bytes.ts';

/** Kept of one node, and of all; the oldest go, the same on every server, since it is a matter of the rows alone. */
const keptOfNode = 200;
const keptMax = 100_000;
/** Counting all of them takes a while, so it is done once in so many. */
const countEvery = 256;

type Started = ActionReport & { readonly kind: 'started' };
type Ended = ActionReport & { readonly kind: 'ended' };

/** One action as far as it is known here. */
export interface ActionRecord {
  readonly order: ActionOrder;
  readonly started: Started | null;
  readonly ended: Ended | null;
}

export interface ActionRowsQuery {
  readonly request?: Uuid | undefined;
  /** Core ID. */
  readonly node?: Uuid | undefined;
  readonly message?: Uuid | undefined;
  /** Only those before it. */
  readonly before?: Uuid | undefined;
  readonly limit: number;
}

interface Row {
  readonly id: Uint8Array;
  readonly node: string;
  readonly body: string;
  readonly signature: string;
  readonly certificate: string;
}

/** `ended`: the node has told how it ended. Reports may be here before the action is. */
export const actionTables = `
  CREATE TABLE IF NOT EXISTS actions(
    id BLOB PRIMARY KEY, request BLOB NOT NULL, node TEXT NOT NULL, message BLOB, body TEXT NOT NULL,
    signature TEXT NOT NULL, certificate TEXT NOT NULL, ended INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS actions_by_node ON actions(node, id);
  CREATE INDEX IF NOT EXISTS actions_by_request ON actions(request, id);
  CREATE INDEX IF NOT EXISTS actions_by_message ON actions(message, id) WHERE message IS NOT NULL;
  CREATE INDEX IF NOT EXISTS actions_open ON actions(node, id) WHERE ended = 0;
  CREATE TABLE IF NOT EXISTS action_reports(
    action BLOB NOT NULL, node TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY(action, node, number)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS action_reports_by_node ON action_reports(node, action);`;

const columns = 'id, node, body, signature, certificate';

/**
 * What nodes were asked to do, and what they told of it, as the journals brought it. Both are sets, so order and repetition
 * change nothing, and a report of what is not here yet waits for it. What a node tells counts for its own actions only. Like
 * the audit trail these rows stay when the journal is trimmed, and are in no state hash.
 */
export class ActionRows {
  readonly #database: Database;
  readonly #insert: Statement;
  readonly #replace: Statement;
  readonly #insertReport: Statement;
  readonly #end: Statement;
  readonly #isEnded: Statement;
  readonly #reportsOf: Statement;
  readonly #output: Statement;
  readonly #byId: Statement;
  readonly #openOf: Statement;
  readonly #openCount: Statement;
  readonly #open: Statement;
  #inserted = 0;
  #told = 0;

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.prepare(
      `INSERT OR IGNORE INTO actions(id, request, node, message, body, signature, certificate, ended)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#replace = database.prepare(
      'UPDATE actions SET request = ?, node = ?, message = ?, body = ?, signature = ?, certificate = ?, ended = ? WHERE id = ?',
    );
    this.#insertReport = database.prepare(
      'INSERT OR IGNORE INTO action_reports(action, node, number, kind, body) VALUES (?, ?, ?, ?, ?)',
    );
    this.#end = database.prepare('UPDATE actions SET ended = 1 WHERE id = ? AND node = ?');
    this.#isEnded = database.prepare(
      `SELECT 1 AS found FROM action_reports WHERE action = ? AND node = ? AND kind = 'ended'`,
    );
    const reports = 'SELECT body FROM action_reports WHERE action = ? AND node = ?';
    this.#reportsOf = database.prepare(`${reports} AND kind <> 'output' ORDER BY number`);
    this.#output = database.prepare(`${reports} AND kind = 'output' AND number > ? ORDER BY number LIMIT ?`);
    this.#byId = database.prepare(`SELECT ${columns} FROM actions WHERE id = ?`);
    this.#openOf = database.prepare(
      `SELECT ${columns} FROM actions WHERE node = ? AND ended = 0 ORDER BY id`,
    );
    this.#open = database.prepare('SELECT body FROM actions WHERE ended = 0 ORDER BY id');
    this.#openCount = database.prepare('SELECT count(*) AS count FROM actions WHERE node = ? AND ended = 0');
  }

  asked({ certificate, actions }: EntryBody<'actions'>): void {
    for (const { order: text, signature } of actions) {
      const order = readOrder(text);
      // From a version that says more in an order: whoever serves the node may be of that version, and reads it.
      if (order === null) continue;
      const id = idBytes(order.id);
      const ended = this.#isEnded.get(id, order.node) === undefined ? 0 : 1;
      const message = order.message === null ? null : idBytes(order.message);
      const columns = [
        idBytes(order.request),
        order.node,
        message,
        text,
        signature,
        certificate,
        ended,
      ] as const;
      const known = this.#byId.get<Row>(id);
      if (known === undefined) this.#insert.run(id, ...columns);
      else if (epochOf(order) > epochOf(readOrder(known.body))) this.#replace.run(...columns, id);
      else continue;
      this.#trimNode(order.node);
      if (++this.#inserted % countEvery === 0) this.#trimAll();
    }
  }

  told({ node, reports }: EntryBody<'action-reports'>): void {
    for (const report of reports) {
      const id = idBytes(report.action);
      this.#insertReport.run(id, node, report.number, report.kind, JSON.stringify(report));
      if (report.kind === 'ended') this.#end.run(id, node);
      if (++this.#told % countEvery === 0) this.#trimReports(node);
    }
  }

  /** Null where nobody was asked to do that, as far as is known here. */
  get(id: Uuid): ActionRecord | null {
    const row = this.#byId.get<Row>(idBytes(id));
    return row === undefined ? null : this.#record(row);
  }

  /** The newest first. */
  list({ request, node, message, before, limit }: ActionRowsQuery): ActionRecord[] {
    const conditions = ['1 = 1'];
    const values: SqlValue[] = [];
    const demand = (sql: string, value: SqlValue): void => {
      conditions.push(sql);
      values.push(value);
    };
    if (request !== undefined) demand('request = ?', idBytes(request));
    if (node !== undefined) demand('node = ?', node);
    if (message !== undefined) demand('message = ?', idBytes(message));
    if (before !== undefined) demand('id < ?', idBytes(before));
    return this.#database
      .prepare(`SELECT ${columns} FROM actions WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT ?`)
      .all<Row>(...values, limit)
      .map((row) => this.#record(row));
  }

  /** What a node was asked to do, and has not told the end of; the oldest first. */
  openOf(node: Uuid): { readonly order: ActionOrder; readonly signed: SignedOrder }[] {
    return this.#openOf.all<Row>(node).map(({ body, signature, certificate }) => ({
      order: actionOrderSchema.parse(JSON.parse(body)),
      signed: { order: body, signature, certificate },
    }));
  }

  /** What a holder of the role with a lower epoch decided, and its node has not told the end of; the oldest first. */
  openBelow(role: string, epoch: number): ActionOrder[] {
    return this.#open.all<Pick<Row, 'body'>>().flatMap(({ body }) => {
      const order = actionOrderSchema.parse(JSON.parse(body));
      return order.decision?.role === role && order.decision.epoch < epoch ? [order] : [];
    });
  }

  openCount(node: Uuid): number {
    return this.#openCount.get<{ count: number }>(node)?.count ?? 0;
  }

  /** What it printed, behind `after`. */
  output({ id, node }: Pick<ActionOrder, 'id' | 'node'>, after: number, limit: number): OutputPiece[] {
    return this.#output
      .all<{ body: string }>(idBytes(id), node, after, limit)
      .map(({ body }) => actionReportSchema.parse(JSON.parse(body)))
      .flatMap((report) => (report.kind === 'output' ? [pieceOf(report)] : []));
  }

  #record({ id, node, body }: Row): ActionRecord {
    const reports = this.#reportsOf
      .all<{ body: string }>(id, node)
      .map((row) => actionReportSchema.parse(JSON.parse(row.body)));
    return {
      order: actionOrderSchema.parse(JSON.parse(body)),
      started: reports.find((report) => report.kind === 'started') ?? null,
      ended: reports.find((report) => report.kind === 'ended') ?? null,
    };
  }

  #trimNode(node: Uuid): void {
    this.#trim('node = ?1', keptOfNode, node);
  }

  #trimAll(): void {
    this.#trim('?1 = ?1', keptMax, 0);
  }

  /** Those of actions that were forgotten, or that nobody ever asked for. */
  #trimReports(node: Uuid): void {
    const unknown = `SELECT DISTINCT action FROM action_reports WHERE node = ?1 AND action NOT IN (SELECT id FROM actions)`;
    this.#database
      .prepare(
        `DELETE FROM action_reports WHERE node = ?1 AND action IN (${unknown} ORDER BY action DESC LIMIT -1 OFFSET ${keptOfNode})`,
      )
      .run(node);
  }

  #trim(where: string, kept: number, value: SqlValue): void {
    const last = this.#database
      .prepare(`SELECT id FROM actions WHERE ${where} ORDER BY id DESC LIMIT 1 OFFSET ${kept - 1}`)
      .get<{ id: Uint8Array }>(value)?.id;
    if (last === undefined) return;
    const old = `SELECT id FROM actions WHERE ${where} AND id < ?2`;
    this.#database.prepare(`DELETE FROM action_reports WHERE action IN (${old})`).run(value, last);
    this.#database.prepare(`DELETE FROM actions WHERE ${where} AND id < ?2`).run(value, last);
  }
}

export function pieceOf({ action, number, stream, text }: ActionReport & { kind: 'output' }): OutputPiece {
  return { action, number, stream, text };
}

/** A new holder of a role says again, in its own name, what the one before decided; only that is obeyed from then on. */
export function epochOf(order: Pick<ActionOrder, 'decision'> | null): number {
  return order?.decision?.epoch ?? 0;
}

/** Null for what is no order of this version. */
export function readOrder(text: string): ActionOrder | null {
  try {
    return actionOrderSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not even JSON: no server of ours wrote it.
    return null;
  }
}
