import type { MessageFilter, MessagePage, MessagePageQuery } from '../model/api.ts';
import { WatchError } from '../model/errors.ts';
import type { Scope } from '../model/rights.ts';
import { uuidText, type Uuid } from '../model/uuid.ts';
import type { Database, SqlValue, Statement } from '../runtime/database.ts';
import type { Duplicates } from './duplicates.ts';
import type { FilterIndex, Segment } from './filter-index.ts';
import { idBytes } from './id-bytes.ts';
import type { MessageViews } from './message-views.ts';
import type { Nodes } from './nodes.ts';
import { conditionsOf, type Conditions } from './page-conditions.ts';
import { scopeConditions } from './scope-conditions.ts';
import { foldCase, termsOf, type SliceTerms } from './slices.ts';

/** So many rows are looked at in the order of the page before the filter index is asked: what is frequent is near. */
const nearRowsMax = 500;
const statementsMax = 128;

interface Hit {
  readonly row: number;
  readonly id: Uuid;
}

interface Search {
  readonly conditions: Conditions;
  readonly order: MessagePageQuery['order'];
  /** Hits wanted: one more than the page holds, to know whether there is a next one. */
  readonly wanted: number;
  /** What neither SQL nor the filter index knows of a row; null: nothing. */
  readonly keeps: ((row: number) => boolean) | null;
}

/**
 * Finds a page of messages in the order of their IDs, which is that of their creation. First it looks at the nearest
 * rows; when they do not fill the page, what is wanted is rare or far away, and the filter index names the rows to look
 * at, segment by segment from the near end, until no segment further away could still matter.
 */
export class PageQuery {
  readonly #database: Database;
  readonly #index: FilterIndex;
  readonly #nodes: Nodes;
  readonly #views: MessageViews;
  readonly #duplicates: Duplicates;
  readonly #statements = new Map<string, Statement>();

  constructor(
    database: Database,
    parts: {
      readonly index: FilterIndex;
      readonly nodes: Nodes;
      readonly views: MessageViews;
      readonly duplicates: Duplicates;
    },
  ) {
    this.#database = database;
    this.#index = parts.index;
    this.#nodes = parts.nodes;
    this.#views = parts.views;
    this.#duplicates = parts.duplicates;
  }

  /** What is out of `scope` is not there for whoever asks. */
  page(query: MessagePageQuery, scope: Scope): MessagePage {
    const hits = this.#find(query, scope, query.limit + 1);
    const messages = hits
      .slice(0, query.limit)
      .map(({ row }) => this.#views.byRow(row))
      .filter((view) => view !== null);
    return { messages, next: hits.length > query.limit ? (messages.at(-1)?.id ?? null) : null };
  }

  #find(query: MessagePageQuery, scope: Scope, wanted: number): Hit[] {
    const nodes = query.node === undefined ? null : this.#nodes.find(query.node);
    const allowed = scopeConditions(scope, (fits) => this.#nodes.named(fits));
    if (!allowed) return [];
    const conditions = conditionsOf(query, nodes, allowed);
    if (!conditions) return [];
    const search: Search = { conditions, order: query.order, wanted, keeps: this.#keeps(query) };
    const from = query.cursor ?? (query.order === 'newest' ? lastId : firstId);
    const inclusive = query.cursor === undefined;
    const near = this.#near(search, inclusive ? null : from);
    if (near.hits.length >= wanted || near.end === null) return near.hits;
    const rest = { ...search, wanted: wanted - near.hits.length };
    const terms = termsOf(query, nodes);
    const all = [...terms.all, ...allowed.slices];
    return [...near.hits, ...this.#far(rest, near.end, query, { ...terms, all })];
  }

  /**
   * Grouped, only the newest of those that say the same is kept. All the others would pass or not like it, whatever is
   * filtered by; but not by a text, which differs within a set that has one key.
   */
  #keeps({ grouped = false, same, state, text }: MessagePageQuery): Search['keeps'] {
    if (!grouped && same === undefined) return null;
    if (grouped && text !== undefined)
      throw new WatchError(
        'WK_BAD_REQUEST',
        'grouped: messages found by a text are not grouped; leave one out',
      );
    if (!this.#duplicates.isComplete)
      throw new WatchError('WK_OVERLOADED', 'what says the same is being read anew; ask again in a moment');
    const isLike = same === undefined ? null : this.#duplicates.isLike(same);
    return (row) => (isLike === null || isLike(row)) && (!grouped || this.#duplicates.isNewest(row, state));
  }

  /** `end`: the last ID looked at, or null when there is nothing beyond. */
  #near(search: Search, cursor: Uuid | null): { hits: Hit[]; end: Uuid | null } {
    const { newest, past } = direction(search.order);
    const beyond = cursor === null ? 'TRUE' : `id ${past} ?`;
    const values = cursor === null ? [] : [idBytes(cursor)];
    const { conditions, keeps } = search;
    const unfiltered = conditions.sql === 'TRUE' && conditions.foldedText === null && keeps === null;
    const rows = unfiltered ? search.wanted : nearRowsMax;
    const hits = this.#hits(
      search,
      `(SELECT * FROM messages WHERE ${beyond} ORDER BY id ${newest} LIMIT ${rows}) m`,
      values,
    );
    if (unfiltered || hits.length >= search.wanted) return { hits, end: null };
    const end = this.#prepared(
      `SELECT id FROM messages WHERE ${beyond} ORDER BY id ${newest} LIMIT 1 OFFSET ${rows - 1}`,
    ).get<{ id: Uint8Array }>(...values);
    return { hits, end: end ? uuidText(end.id) : null };
  }

  #far(search: Search, end: Uuid, filter: MessageFilter, terms: SliceTerms): Hit[] {
    const { isNearer } = direction(search.order);
    let hits: Hit[] = [];
    for (const segment of this.#segments(search.order, end, filter)) {
      const worst = hits[search.wanted - 1];
      if (worst && !isNearer(nearEnd(segment, search.order), worst.id)) break;
      const { keeps } = search;
      const candidates = this.#index.candidates(segment.segment, terms);
      const rows = keeps === null ? candidates : candidates.filter(keeps);
      if (rows.length === 0) continue;
      const found = this.#among(search, rows, end);
      hits = [...hits, ...found].sort((a, b) => (isNearer(a.id, b.id) ? -1 : 1)).slice(0, search.wanted);
    }
    return hits;
  }

  #among(search: Search, rows: readonly number[], end: Uuid): Hit[] {
    const { past } = direction(search.order);
    const [first = 0] = rows;
    const last = rows.at(-1) ?? 0;
    // Of rows that lie close together a range is read twice as fast as a list; the filter is the same.
    if (rows.length * 2 > last - first)
      return this.#hits(search, `(SELECT * FROM messages WHERE row BETWEEN ? AND ? AND +id ${past} ?) m`, [
        first,
        last,
        idBytes(end),
      ]);
    const from = `json_each(?) j JOIN messages m ON m.row = j.value AND m.id ${past} ?`;
    return this.#hits(search, from, [JSON.stringify(rows), idBytes(end)]);
  }

  /** The segments that have something beyond `end`, the nearest first. */
  #segments(order: Search['order'], end: Uuid, { sinceMs = 0 }: MessageFilter): Segment[] {
    const { isNearer } = direction(order);
    const farEnd = (segment: Segment): Uuid => (order === 'newest' ? segment.minId : segment.maxId);
    return this.#index
      .segments()
      .filter((segment) => isNearer(end, farEnd(segment)) && segment.maxCreatedMs >= sinceMs)
      .sort((a, b) => (isNearer(nearEnd(a, order), nearEnd(b, order)) ? -1 : 1));
  }

  #hits({ conditions, order, wanted, keeps }: Search, from: string, values: readonly SqlValue[]): Hit[] {
    const { sql, foldedText } = conditions;
    const folds = foldedText !== null;
    const limit = folds || keeps !== null ? '' : `LIMIT ${wanted}`;
    const rows = this.#prepared(
      `SELECT m.row, m.id${folds ? ', m.text' : ''} FROM ${from} LEFT JOIN marks k ON k.message = m.id
       WHERE ${sql} ORDER BY m.id ${direction(order).newest} ${limit}`,
    ).all<{ row: number; id: Uint8Array; text?: string }>(...values, ...conditions.values);
    return rows
      .filter(
        ({ row, text }) => (!folds || foldCase(text ?? '').includes(foldedText)) && (keeps?.(row) ?? true),
      )
      .slice(0, wanted)
      .map(({ row, id }) => ({ row, id: uuidText(id) }));
  }

  #prepared(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known) return known;
    if (this.#statements.size >= statementsMax) this.#statements.clear();
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

const firstId = '00000000-0000-0000-0000-000000000000';
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

function nearEnd(segment: Segment, order: MessagePageQuery['order']): Uuid {
  return order === 'newest' ? segment.maxId : segment.minId;
}

function direction(order: MessagePageQuery['order']): {
  readonly newest: 'DESC' | 'ASC';
  readonly past: '<' | '>';
  readonly isNearer: (a: Uuid, b: Uuid) => boolean;
} {
  return order === 'newest'
    ? { newest: 'DESC', past: '<', isNearer: (a, b) => a > b }
    : { newest: 'ASC', past: '>', isNearer: (a, b) => a < b };
}
