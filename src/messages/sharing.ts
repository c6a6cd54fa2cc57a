import type { EntryBody } from '../model/entry.ts';
import { hlcMs } from '../model/hlc.ts';
import type { Operation } from '../model/operation.ts';
import type { MessageSharing, SharedFrom, SharedItem } from '../model/sharing.ts';
import { uuidText, type Uuid } from '../model/uuid.ts';
import type { EntryStamp } from '../journal/applier.ts';
import type { Database, Statement } from '../runtime/database.ts';
import { idBytes } from './id-bytes.ts';
import type { CloseRecord } from './decisions.ts';
import type { Facts } from './facts.ts';
import type { Marks } from './marks.ts';
import type { MessageRows } from './message-rows.ts';
import { ownerAmong, type StoredOperation } from './merge.ts';
import type { Nodes } from './nodes.ts';
import {
  fromOfRow,
  guestHash,
  isBefore,
  isSame,
  mayOperate,
  settledHash,
  shareBodySchema,
  sharedTo,
  type GuestRow,
  type SettledRow,
  type Share,
  type ShareRow,
} from './shared-rows.ts';
import type { Totals } from './totals.ts';

interface Partner {
  readonly pool: Uuid;
  /** When it was shared; null for the pool that it came from. */
  readonly sharedHlc: number | null;
  wants(kind: Operation['kind']): boolean;
}

/** What waits to be told to another pool: a message (`item` null), or an operation on one. */
export interface OutboxItem {
  readonly message: Uuid;
  readonly item: Uuid | null;
}

interface Parts {
  readonly database: Database;
  readonly rows: MessageRows;
  readonly nodes: Nodes;
  readonly facts: Facts;
  readonly marks: Marks;
  readonly totals: Totals;
  /** Of a message: what the acting server closed and released. */
  closesOf(message: Uuid): readonly CloseRecord[];
}

const none = new Uint8Array();

/**
 * Messages that several pools have. What waits for another pool (`outbox`) follows from sets alone: where standing decisions
 * share the message or where it came from, the operations on it, and what is settled. So it is the same on every server, and a new
 * acting server finds exactly what the last one had left.
 */
export class Sharing {
  readonly #parts: Parts;
  readonly #shares: Statement;
  readonly #guest: Statement;
  readonly #writeGuest: Statement;
  readonly #settledOf: Statement;
  readonly #settle: Statement;
  readonly #clear: Statement;
  readonly #add: Statement;
  readonly #outbox: Statement;
  readonly #waiting: Statement;
  readonly #addPool: Statement;
  readonly #pools: Statement;
  readonly #allGuests: Statement;
  readonly #allSettled: Statement;

  constructor(parts: Parts) {
    const { database } = parts;
    this.#parts = parts;
    this.#shares = database.prepare(
      `SELECT epoch, hlc, void, body FROM decisions WHERE message = ? AND kind = 'share' ORDER BY hlc, origin, seq, item`,
    );
    const guest = 'pool, pool_name AS poolName, path, share, acknowledge, because, hlc, origin';
    this.#guest = database.prepare(`SELECT ${guest} FROM guests WHERE message = ?`);
    this.#writeGuest = database.prepare('INSERT OR REPLACE INTO guests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#settledOf = database.prepare(
      'SELECT pool, item, refused, hlc, origin FROM settled WHERE message = ?',
    );
    this.#settle = database.prepare('INSERT OR REPLACE INTO settled VALUES (?, ?, ?, ?, ?, ?)');
    this.#clear = database.prepare('DELETE FROM outbox WHERE message = ?');
    this.#add = database.prepare('INSERT OR IGNORE INTO outbox VALUES (?, ?, ?, ?)');
    this.#outbox = database.prepare(
      'SELECT message, item FROM outbox WHERE pool = ? AND length(item) >= ? ORDER BY hlc, item LIMIT ?',
    );
    this.#waiting = database.prepare(
      'SELECT count(*) AS waiting, min(hlc) AS oldest FROM outbox WHERE pool = ?',
    );
    this.#addPool = database.prepare('INSERT OR REPLACE INTO shared_pools VALUES (?, ?)');
    this.#pools = database.prepare('SELECT pool, name FROM shared_pools ORDER BY pool');
    this.#allGuests = database.prepare(`SELECT message, ${guest} FROM guests`);
    this.#allSettled = database.prepare('SELECT message, pool, item, refused, hlc, origin FROM settled');
  }

  /** Messages came from another pool. Of one that came twice the arrival with the lowest stamp counts. */
  applyShared({ pool, poolName, messages }: EntryBody<'shared'>, { hlc, origin }: EntryStamp): void {
    for (const { node, nodeName, message, path, share, acknowledge, because } of messages) {
      this.#parts.facts.apply({ node, nodeName, messages: [message] }, { hlc, origin });
      this.#addPool.run(pool, poolName);
      const id = idBytes(message.id);
      const known = this.#guest.get<GuestRow>(id);
      const row: GuestRow = {
        pool,
        poolName,
        path: JSON.stringify(path),
        share,
        acknowledge: acknowledge ? 1 : 0,
        because,
        hlc,
        origin,
      };
      if (known && !isBefore(row, known)) continue;
      if (known) this.#parts.totals.takeHash(guestHash(message.id, known));
      this.#writeGuest.run(id, pool, poolName, row.path, share, row.acknowledge, because, hlc, origin);
      this.#parts.totals.addHash(guestHash(message.id, row));
      this.derive(message.id);
    }
  }

  applySettled({ pool, items }: EntryBody<'settled'>, { hlc, origin }: EntryStamp): void {
    const touched = new Set<Uuid>();
    for (const { message, operation, refused = null } of items) {
      const item = operation === null ? none : idBytes(operation);
      const known = this.#settledRows(message).find((row) => row.pool === pool && isSame(row.item, item));
      const row: SettledRow = { pool, item, refused, hlc, origin };
      if (known && !isBefore(row, known)) continue;
      if (known) this.#parts.totals.takeHash(settledHash(message, known));
      this.#settle.run(idBytes(message), pool, item, refused, hlc, origin);
      this.#parts.totals.addHash(settledHash(message, row));
      touched.add(message);
    }
    for (const message of touched) this.derive(message);
  }

  /** After any change to where the message is shared, to the operations on it, or to what is settled. */
  derive(message: Uuid): void {
    const id = idBytes(message);
    this.#clear.run(id);
    const partners = this.#partners(id);
    if (partners.length === 0) return;
    const settled = this.#settledRows(message);
    const operations = this.#operationsOn(message);
    for (const partner of partners) {
      const { pool, sharedHlc } = partner;
      const isSettled = (item: Uint8Array): boolean =>
        settled.some((row) => row.pool === pool && isSame(row.item, item));
      if (sharedHlc !== null) {
        if (!isSettled(none)) this.#add.run(id, pool, none, sharedHlc);
        // Nobody there would know of what.
        if (settled.some((row) => row.pool === pool && row.item.length === 0 && row.refused !== null))
          continue;
      }
      for (const operation of operations) {
        if (operation.pool === pool || !partner.wants(operation.kind)) continue;
        const item = idBytes(operation.id);
        if (!isSettled(item)) this.#add.run(id, pool, item, Math.max(operation.hlc, sharedHlc ?? 0));
      }
    }
  }

  /** A standing or void decision shares the message, or came to. */
  decided(message: Uuid): void {
    for (const { body } of this.#sharesOf(idBytes(message))) this.#addPool.run(body.pool, body.poolName);
    this.derive(message);
  }

  /** The oldest that wait for that pool; a message before the operations on it. */
  outbox(pool: Uuid, limit: number, what: 'everything' | 'operations'): OutboxItem[] {
    return this.#outbox
      .all<{ message: Uint8Array; item: Uint8Array }>(pool, what === 'everything' ? 0 : 1, limit)
      .map(({ message, item }) => ({
        message: uuidText(message),
        item: item.length === 0 ? null : uuidText(item),
      }));
  }

  /** How much waits for that pool, and since when; null when nothing does. */
  waiting(pool: Uuid): { readonly waiting: number; readonly oldestMs: number | null } {
    const row = this.#waiting.get<{ waiting: number; oldest: number | null }>(pool);
    const oldest = row?.oldest ?? null;
    return { waiting: row?.waiting ?? 0, oldestMs: oldest === null ? null : hlcMs(oldest) };
  }

  /** Pools with which anything was ever shared, either way. */
  pools(): readonly { readonly pool: Uuid; readonly name: string }[] {
    return this.#pools.all<{ pool: Uuid; name: string }>();
  }

  /** An outbox item with its content; null for a message that is gone. `own` is this pool. */
  itemOf(
    { message, item }: OutboxItem,
    own: { readonly id: Uuid; readonly name: string },
    pool: Uuid,
  ): SharedItem | null {
    if (item === null) return this.#messageItem(message, own.id, pool);
    const found = this.#operationsOn(message).find(({ id }) => id === item);
    if (!found) return null;
    const { id, kind, by, hlc, text, pool: from } = found;
    const who = from === undefined ? `${by} of ${own.name}`.slice(0, 256) : by;
    return {
      kind: 'operation',
      operation: { id, message, kind, by: who, hlc, ...(text !== undefined && { text }) },
    };
  }

  /** How the message came from another pool; null for one of this pool. */
  fromOf(message: Uuid): SharedFrom | null {
    const row = this.#guest.get<GuestRow>(idBytes(message));
    return row ? fromOfRow(row) : null;
  }

  /** Whether operations of that kind that the other pool sends are to be taken. */
  takesFrom(pool: Uuid, message: Uuid, kind: Operation['kind']): boolean {
    const id = idBytes(message);
    if (this.#guest.get<GuestRow>(id)?.pool === pool) return true;
    return this.#sharesOf(id).some(
      ({ body, isVoid }) =>
        !isVoid && body.pool === pool && body.refused === undefined && mayOperate(body, kind),
    );
  }

  /** Pools that the message is shared with by a standing decision. */
  sharedWith(message: Uuid): ReadonlySet<Uuid> {
    return new Set(
      this.#sharesOf(idBytes(message)).flatMap(({ body, isVoid }) => (isVoid ? [] : [body.pool])),
    );
  }

  hasOperation(message: Uuid, operation: Uuid): boolean {
    return this.#parts.marks.operationsOn(message).some(({ id }) => id === operation);
  }

  /** Null for a message that no other pool has. */
  detail(message: Uuid): MessageSharing | null {
    const from = this.fromOf(message);
    const to = this.#sharesOf(idBytes(message));
    if (from === null && to.length === 0) return null;
    const settled = this.#settledRows(message);
    const owner = ownerAmong(this.#parts.marks.operationsOn(message));
    return {
      from,
      to: to.map((share) => sharedTo(share, settled)),
      control: owner === null ? (from?.path[0] ?? null) : (owner.pool ?? null),
    };
  }

  *hashes(): IterableIterator<number> {
    for (const { message, ...row } of this.#allGuests.iterate<GuestRow & { message: Uint8Array }>())
      yield guestHash(uuidText(message), row);
    for (const { message, ...row } of this.#allSettled.iterate<SettledRow & { message: Uint8Array }>())
      yield settledHash(uuidText(message), row);
  }

  #messageItem(id: Uuid, own: Uuid, pool: Uuid): SharedItem | null {
    const found = this.#parts.rows.find(id);
    const share = this.#sharesOf(idBytes(id)).find(({ body, isVoid }) => !isVoid && body.pool === pool)?.body;
    if (!found || !share) return null;
    return {
      kind: 'message',
      node: found.node,
      nodeName: this.#parts.nodes.nameOf(found.node),
      message: found.message,
      path: [...(this.fromOf(id)?.path ?? []), own],
      share: share.share,
      acknowledge: share.acknowledge,
      because: share.because,
    };
  }

  #partners(id: Uint8Array): Partner[] {
    const guest = this.#guest.get<GuestRow>(id);
    const shares = this.#sharesOf(id).filter(({ body, isVoid }) => !isVoid && body.refused === undefined);
    const out = new Map(shares.map(({ body, hlc }) => [body.pool, hlc]));
    const partners: Partner[] = [...out].map(([pool, sharedHlc]) => ({ pool, sharedHlc, wants: () => true }));
    if (!guest) return partners;
    const from = { share: guest.share, acknowledge: guest.acknowledge === 1 };
    return [...partners, { pool: guest.pool, sharedHlc: null, wants: (kind) => mayOperate(from, kind) }];
  }

  /** What operators did, and what the acting server closed as an operator would have. */
  #operationsOn(message: Uuid): (Omit<StoredOperation, 'origin'> & { readonly pool?: Uuid | undefined })[] {
    const closes = this.#parts
      .closesOf(message)
      .filter(({ kind, void: dead, handling }) => kind === 'close' && !dead && handling === null)
      .map(({ id, role, hlc, because }) => ({
        id,
        kind: 'acknowledge' as const,
        by: role,
        hlc,
        text: because,
      }));
    return [...this.#parts.marks.operationsOn(message), ...closes];
  }

  #sharesOf(id: Uint8Array): Share[] {
    return this.#shares.all<ShareRow>(id).map(({ epoch, hlc, void: dead, body }) => ({
      epoch,
      hlc,
      isVoid: dead === 1,
      body: shareBodySchema.parse(JSON.parse(body)),
    }));
  }

  #settledRows(message: Uuid): SettledRow[] {
    return this.#settledOf.all<SettledRow>(idBytes(message));
  }
}
