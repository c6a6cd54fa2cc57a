import type { MessageCounts } from '../model/api.ts';
import type { MessageState } from '../model/operation.ts';
import { isInScope, type Scope } from '../model/rights.ts';
import { severities } from '../model/severity.ts';
import type { Database, Statement } from '../runtime/database.ts';

/** So many rows are counted in one go: a few milliseconds. */
const rowsAtOnce = 4_000;

/** Where a message is counted: by the number of its node, and its group. */
export interface CountedPlace {
  readonly row: number;
  readonly node: number;
  readonly group: string | null;
}

interface Counted {
  readonly node: number;
  readonly group: string | null;
  readonly numbers: Int32Array;
}

/**
 * How many messages there are of each node and group, for whoever may see only some. Modes: idle (nobody asked yet,
 * costs nothing), counting (rows up to `upTo` are counted, a chunk at a time), complete. Kept in memory as rows come, go
 * and change; after a rollback it starts anew.
 */
export class PlaceCounts {
  readonly #rows: Statement;
  readonly #counted = new Map<string, Counted>();
  #mode: 'idle' | 'counting' | 'complete' = 'idle';
  #upTo = 0;
  #work: Promise<void> | null = null;

  constructor(database: Database) {
    this.#rows = database.prepare(
      `SELECT m.node, m.message_group AS messageGroup, m.severity, coalesce(k.state, 0) AS state, count(*) AS count,
         max(m.row) AS last
       FROM (SELECT * FROM messages WHERE row > ? ORDER BY row LIMIT ?) m LEFT JOIN marks k ON k.message = m.id
       GROUP BY 1, 2, 3, 4`,
    );
  }

  /** A message in that state came into view (1) or left it (-1). */
  count({ row, node, group }: CountedPlace, state: MessageState, rank: number, by: 1 | -1): void {
    if (this.#mode === 'idle' || (this.#mode === 'counting' && row > this.#upTo)) return;
    this.#add(node, group, state === 'acknowledged' ? 1 : 0, rank, by);
  }

  forget(): void {
    this.#mode = 'idle';
    this.#counted.clear();
  }

  /** `pause` lets other work in between two chunks. */
  async counts(
    scope: Scope,
    nodeName: (node: number) => string,
    pause: () => Promise<void>,
  ): Promise<MessageCounts> {
    while (this.#mode !== 'complete')
      await (this.#work ??= this.#countAll(pause).finally(() => {
        this.#work = null;
      }));
    const sums = [new Int32Array(severities.length), new Int32Array(severities.length)] as const;
    for (const { node, group, numbers } of this.#counted.values()) {
      if (!isInScope(scope, { nodeName: nodeName(node), group: group ?? undefined })) continue;
      for (const [at, number] of numbers.entries()) {
        const sum = at < severities.length ? sums[0] : sums[1];
        sum[at % severities.length] = (sum[at % severities.length] ?? 0) + number;
      }
    }
    const total = [...sums[0], ...sums[1]].reduce((sum, number) => sum + number, 0);
    return { total, open: bySeverity(sums[0]), acknowledged: bySeverity(sums[1]) };
  }

  async #countAll(pause: () => Promise<void>): Promise<void> {
    this.#counted.clear();
    this.#upTo = 0;
    this.#mode = 'counting';
    while (this.#isCounting()) {
      type Row = { node: number; messageGroup: string | null; severity: number; state: number };
      const rows = this.#rows.all<Row & { count: number; last: number }>(this.#upTo, rowsAtOnce);
      for (const { node, messageGroup, severity, state, count } of rows)
        this.#add(node, messageGroup, state, severity, count);
      if (rows.length === 0) this.#mode = 'complete';
      for (const { last } of rows) this.#upTo = Math.max(this.#upTo, last);
      if (this.#isCounting()) await pause();
    }
  }

  #isCounting(): boolean {
    return this.#mode === 'counting';
  }

  #add(node: number, group: string | null, state: number, rank: number, by: number): void {
    const key = `${node}/${group ?? ''}/${group === null ? 0 : 1}`;
    const counted = this.#counted.get(key) ?? {
      node,
      group,
      numbers: new Int32Array(2 * severities.length),
    };
    const at = state * severities.length + rank;
    counted.numbers[at] = (counted.numbers[at] ?? 0) + by;
    this.#counted.set(key, counted);
  }
}

export function bySeverity(counts: Int32Array | readonly number[]): MessageCounts['open'] {
  const named: Partial<Record<(typeof severities)[number], number>> = {};
  for (const [rank, severity] of severities.entries()) named[severity] = counts[rank] ?? 0;
  // Every severity was given a number just now.
  return named as MessageCounts['open'];
}
