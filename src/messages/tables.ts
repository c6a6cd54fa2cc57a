import type { Database } from '../runtime/database.ts';
import { actionTables } from './action-rows.ts';

/**
 * messages: one row a message, as its source made it; `row` counts up in the order of arrival here and is the place in
 *   the filter index. The index on `id` finds doubles and gives the order of pages. There is no other index: an insert
 *   into one costs more than everything the filter index does for that message.
 * marks: what operations and decisions made of a message, also of one that is not here yet (`here` = 0).
 * held: messages that service rules hold back now, see held-messages.ts.
 * guests, settled, outbox, shared_pools: messages that this pool has from another or shares with one, see sharing.ts.
 * rule_progress: how far rules of servers were asked, see rule-progress.ts.
 * contested: what a node sent under an ID that a decision raised too; kept for the day that decision is void.
 * role_changes: what a takeover tells of how the role changed hands.
 * audit: the audit trail, see audit-rows.ts.
 * definition_history: what definitions said, see definition-history.ts.
 * actions, action_reports: what nodes were asked to do, and what they told of it, see action-rows.ts.
 * slices, segments: the filter index, see filter-index.ts.
 */
export function createMessageTables(database: Database): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS messages(
      row INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, node INTEGER NOT NULL, severity INTEGER NOT NULL,
      created_ms INTEGER NOT NULL, hlc INTEGER NOT NULL, origin INTEGER NOT NULL, raised INTEGER NOT NULL,
      text TEXT NOT NULL, application TEXT, object TEXT, message_group TEXT, key TEXT, source TEXT, attributes TEXT);
    CREATE TABLE IF NOT EXISTS nodes(
      number INTEGER PRIMARY KEY, core_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, name_hlc INTEGER NOT NULL,
      name_origin TEXT NOT NULL, last_message_ms INTEGER);
    CREATE TABLE IF NOT EXISTS stamp_origins(number INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS operations(
      message BLOB NOT NULL, id BLOB NOT NULL, kind TEXT NOT NULL, by TEXT NOT NULL, hlc INTEGER NOT NULL,
      origin TEXT NOT NULL, text TEXT, PRIMARY KEY(message, id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS marks(
      message BLOB PRIMARY KEY, here INTEGER NOT NULL, state INTEGER NOT NULL, owner TEXT,
      annotations INTEGER NOT NULL, acknowledged_ms INTEGER, acknowledged_by TEXT,
      state_hlc INTEGER, state_origin TEXT) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS decisions(
      origin TEXT NOT NULL, seq INTEGER NOT NULL, item INTEGER NOT NULL, role TEXT NOT NULL, epoch INTEGER NOT NULL,
      hlc INTEGER NOT NULL, void INTEGER NOT NULL, kind TEXT NOT NULL, message BLOB NOT NULL, body TEXT NOT NULL,
      PRIMARY KEY(origin, seq, item)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS decisions_by_message ON decisions(message);
    CREATE TABLE IF NOT EXISTS takeovers(
      role TEXT NOT NULL, epoch INTEGER NOT NULL, origin TEXT NOT NULL, seq INTEGER NOT NULL, positions TEXT NOT NULL,
      PRIMARY KEY(role, epoch, origin, seq)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS role_changes(
      role TEXT NOT NULL, epoch INTEGER NOT NULL, origin TEXT NOT NULL, seq INTEGER NOT NULL, hlc INTEGER NOT NULL,
      because TEXT, previous TEXT, previous_epoch INTEGER, unheld_ms INTEGER,
      PRIMARY KEY(role, epoch, origin, seq)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS epochs(role TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS contested(
      message BLOB PRIMARY KEY, node TEXT NOT NULL, hlc INTEGER NOT NULL, origin TEXT NOT NULL, body TEXT NOT NULL)
      WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS connections(
      node TEXT NOT NULL, server TEXT NOT NULL, origin TEXT NOT NULL, hlc INTEGER NOT NULL, connected INTEGER NOT NULL,
      since_ms INTEGER NOT NULL, last_heard_ms INTEGER NOT NULL, version TEXT NOT NULL, address TEXT NOT NULL,
      via TEXT, policies TEXT, system TEXT, PRIMARY KEY(node, server)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS totals(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS audit(
      origin TEXT NOT NULL, number INTEGER NOT NULL, seq INTEGER NOT NULL, hlc INTEGER NOT NULL, text TEXT NOT NULL,
      hash TEXT NOT NULL, by TEXT NOT NULL, action TEXT NOT NULL, outcome TEXT NOT NULL, session TEXT,
      PRIMARY KEY(origin, number)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS audit_by_hlc ON audit(hlc, origin, number);
    CREATE TABLE IF NOT EXISTS definition_history(
      kind TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, lineage TEXT NOT NULL, at_ms INTEGER NOT NULL,
      by TEXT NOT NULL, via TEXT NOT NULL, content TEXT, PRIMARY KEY(kind, name, revision, lineage)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS definition_history_by_revision ON definition_history(revision, kind, name);
    CREATE TABLE IF NOT EXISTS segments(
      segment INTEGER PRIMARY KEY, min_id TEXT NOT NULL, max_id TEXT NOT NULL, min_created_ms INTEGER NOT NULL,
      max_created_ms INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS slices(row INTEGER PRIMARY KEY, bits BLOB NOT NULL);`);
  database.exec(actionTables);
  createRuleTables(database);
  addColumn(database, 'operations', 'pool', 'TEXT');
  addColumn(database, 'connections', 'via', 'TEXT');
  addColumn(database, 'connections', 'policies', 'TEXT');
  addColumn(database, 'connections', 'system', 'TEXT');
}

/** What the rules of servers make of messages. */
function createRuleTables(database: Database): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS held(
      message BLOB PRIMARY KEY, until_ms INTEGER, close TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS held_by_until ON held(until_ms);
    CREATE TABLE IF NOT EXISTS guests(
      message BLOB PRIMARY KEY, pool TEXT NOT NULL, pool_name TEXT NOT NULL, path TEXT NOT NULL, share TEXT NOT NULL,
      acknowledge INTEGER NOT NULL, because TEXT NOT NULL, hlc INTEGER NOT NULL, origin TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS settled(
      message BLOB NOT NULL, pool TEXT NOT NULL, item BLOB NOT NULL, refused TEXT, hlc INTEGER NOT NULL,
      origin TEXT NOT NULL, PRIMARY KEY(message, pool, item)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS outbox(
      message BLOB NOT NULL, pool TEXT NOT NULL, item BLOB NOT NULL, hlc INTEGER NOT NULL,
      PRIMARY KEY(message, pool, item)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS outbox_by_pool ON outbox(pool, hlc, item);
    CREATE TABLE IF NOT EXISTS shared_pools(pool TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS rule_progress(
      number INTEGER PRIMARY KEY, role TEXT NOT NULL, epoch INTEGER NOT NULL, origin TEXT NOT NULL, seq INTEGER NOT NULL,
      active INTEGER NOT NULL, positions TEXT NOT NULL, UNIQUE(origin, seq));`);
}

/** For a database that an older version made. */
function addColumn(database: Database, table: string, column: string, type: string): void {
  const columns = database.prepare(`SELECT name FROM pragma_table_info('${table}')`).all<{ name: string }>();
  if (columns.some(({ name }) => name === column)) return;
  database.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`);
}

/**
 * Everything above can be made anew from the journal. Not so the audit trail and the history of definitions, which stay when
 * entries are trimmed.
 */
export const derivedTables = [
  'messages',
  'nodes',
  'stamp_origins',
  'operations',
  'marks',
  'decisions',
  'takeovers',
  'role_changes',
  'epochs',
  'held',
  'guests',
  'settled',
  'outbox',
  'shared_pools',
  'rule_progress',
  'contested',
  'connections',
  'actions',
  'action_reports',
  'totals',
  'segments',
  'slices',
] as const;
