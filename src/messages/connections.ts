import type { Connection } from '../model/entry.ts';
import { hlcMs } from '../model/hlc.ts';
import { compareVersions, type Version } from '../model/operation.ts';
import { coreIdOfOrigin, type Origin } from '../model/origin.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Database, Statement } from '../runtime/database.ts';
import type { Nodes } from './nodes.ts';
import { RowHash } from './state-hash.ts';
import type { Totals } from './totals.ts';

interface ConnectionRow {
  readonly node: Uuid;
  readonly server: Uuid;
  readonly origin: Origin;
  readonly hlc: number;
  readonly connected: number;
  readonly sinceMs: number;
  readonly lastHeardMs: number;
  readonly version: string;
  readonly address: string;
  readonly via: string | null;
  readonly policies: string | null;
  readonly system: string | null;
}

/** What a node looks like to this server. `server` is the core ID of the one its agent is connected to. */
export interface NodeStatus {
  readonly coreId: Uuid;
  readonly name: string;
  readonly server: Uuid | null;
  readonly sinceMs: number | null;
  readonly lastHeardMs: number | null;
  readonly lastMessageMs: number | null;
  readonly version: string | null;
  readonly address: string | null;
  /** The role of the virtual interface through which it is connected; null when not by one, or not connected. */
  readonly via: string | null;
  /** What its agent said last of the policies from the pool, as JSON (policiesRunningSchema); null: nothing yet. */
  readonly policies: string | null;
}

const columns = `node, server, origin, hlc, connected, since_ms AS sinceMs, last_heard_ms AS lastHeardMs, version,
  address, via, policies, system`;

/** Which agents are connected to which server: one row for each pair, set by the latest word of that server. */
export class Connections {
  readonly #totals: Totals;
  readonly #nodes: Nodes;
  readonly #read: Statement;
  readonly #write: Statement;
  readonly #all: Statement;
  readonly #connectedTo: Statement;
  readonly #lastHeard: Statement;
  readonly #lastSeen: Statement;
  /** What was answered for these runs, until a connection changes. */
  #answered: { readonly origins: string; readonly nodes: ReadonlySet<Uuid> } | null = null;

  constructor(database: Database, totals: Totals, nodes: Nodes) {
    this.#totals = totals;
    this.#nodes = nodes;
    this.#read = database.prepare(`SELECT ${columns} FROM connections WHERE node = ? AND server = ?`);
    this.#write =
      database.prepare(`INSERT OR REPLACE INTO connections(node, server, origin, hlc, connected, since_ms, last_heard_ms, version,
        address, via, policies, system) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#all = database.prepare(`SELECT ${columns} FROM connections`);
    this.#connectedTo = database.prepare(
      'SELECT node FROM connections WHERE connected = 1 AND origin IN (SELECT value FROM json_each(?))',
    );
    this.#lastSeen = database.prepare(
      'SELECT address, system FROM connections WHERE node = ? ORDER BY hlc DESC, origin DESC LIMIT 1',
    );
    this.#lastHeard = database.prepare('SELECT max(last_heard_ms) AS ms FROM connections WHERE node = ?');
  }

  apply(connections: readonly Connection[], stamp: Version): void {
    for (const connection of connections) {
      this.#nodes.meet(connection.node, connection.nodeName, stamp, false);
      this.#put(connection, stamp);
    }
  }

  /**
   * One row a node. What an earlier run of a server said about connections ended with that run, so the caller says
   * which run of each server is the newest.
   */
  statuses(newestOriginOf: (server: Uuid) => Origin | null): NodeStatus[] {
    const byNode = new Map<Uuid, ConnectionRow[]>();
    for (const row of this.#all.all<ConnectionRow>()) {
      const rows = byNode.get(row.node) ?? [];
      rows.push(row);
      byNode.set(row.node, rows);
    }
    const isCurrent = (row: ConnectionRow): boolean =>
      row.connected === 1 && newestOriginOf(row.server) === row.origin;
    return this.#nodes.all().map((node) => statusOf(node, byNode.get(node.coreId) ?? [], isCurrent));
  }

  /** Nodes connected to one of these runs. Much cheaper than `statuses`, since it is asked for every second. */
  connectedTo(origins: readonly Origin[]): ReadonlySet<Uuid> {
    const asked = JSON.stringify(origins);
    if (this.#answered?.origins === asked) return this.#answered.nodes;
    const nodes = new Set(this.#connectedTo.all<{ node: Uuid }>(asked).map(({ node }) => node));
    this.#answered = { origins: asked, nodes };
    return nodes;
  }

  /** After the table changed in another way than by `apply`. */
  reload(): void {
    this.#answered = null;
  }

  /** When any server heard the node last; null for a node that was never connected. */
  lastHeardMs(node: Uuid): number | null {
    return this.#lastHeard.get<{ ms: number | null }>(node)?.ms ?? null;
  }

  /** From where a node came last, and on what it says it runs; null for one that was never connected. */
  lastSeen(node: Uuid): { readonly address: string; readonly system: string | null } | null {
    return this.#lastSeen.get<{ address: string; system: string | null }>(node) ?? null;
  }

  *hashes(): IterableIterator<number> {
    for (const row of this.#all.iterate<ConnectionRow>()) yield hashOf(row);
  }

  #put(connection: Connection, stamp: Version): void {
    const { node, connected, lastHeardMs, version, address, via } = connection;
    this.#answered = null;
    const server = coreIdOfOrigin(stamp.origin);
    const known = this.#read.get<ConnectionRow>(node, server);
    if (known && compareVersions(stamp, known) < 0) return;
    const same = known?.origin === stamp.origin && (known.connected === 1) === connected;
    const sinceMs = same ? known.sinceMs : hlcMs(stamp.hlc);
    const { origin, hlc } = stamp;
    const flag = connected ? 1 : 0;
    const policies = connection.policies ? JSON.stringify(connection.policies) : null;
    this.#write.run(
      node,
      server,
      origin,
      hlc,
      flag,
      sinceMs,
      lastHeardMs,
      version,
      address,
      via ?? null,
      policies,
      connection.system ?? null,
    );
    if (known) this.#totals.takeHash(hashOf(known));
    this.#totals.addHash(hashOf({ node, server, origin, hlc, connected: flag, lastHeardMs }));
  }
}

function statusOf(
  node: { coreId: Uuid; name: string; lastMessageMs: number | null },
  rows: readonly ConnectionRow[],
  isCurrent: (row: ConnectionRow) => boolean,
): NodeStatus {
  const latest = (among: readonly ConnectionRow[]): ConnectionRow | undefined =>
    among.reduce<ConnectionRow | undefined>(
      (best, row) => (best && compareVersions(best, row) > 0 ? best : row),
      undefined,
    );
  const current = latest(rows.filter(isCurrent));
  const shown = current ?? latest(rows);
  return {
    ...node,
    server: current?.server ?? null,
    sinceMs: current?.sinceMs ?? null,
    lastHeardMs: rows.length === 0 ? null : Math.max(...rows.map((row) => row.lastHeardMs)),
    version: shown?.version ?? null,
    address: shown?.address ?? null,
    via: current?.via ?? null,
    // A server that it left may say so later than the next one said what it runs, and repeats what it knew.
    policies: current?.policies ?? latest(rows.filter(({ policies }) => policies !== null))?.policies ?? null,
  };
}

const hash = new RowHash();

function hashOf(
  row: Pick<ConnectionRow, 'node' | 'server' | 'origin' | 'hlc' | 'connected' | 'lastHeardMs'>,
): number {
  hash.start().text('connection').text(row.node).text(row.server).text(row.origin).number(row.hlc);
  return hash.number(row.connected).number(row.lastHeardMs).end();
}
