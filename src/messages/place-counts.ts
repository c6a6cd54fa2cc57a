import type { MessageCounts } from '../model/api.ts';
import { hlcMs, type Hlc } from '../model/hlc.ts';
import type { MessageState } from '../model/operation.ts';
import { worstPlacesMax, type Overview, type OverviewSpan, type WorstPlace } from '../model/overview.ts';
import { isInScope, type Scope } from '../model/rights.ts';
import { severities } from '../model/severity.ts';
import type { Database, Statement } from '../runtime/database.ts';
import { openSteps } from './open-steps.ts';
import { TimeSteps, stepMs } from './time-steps.ts';

/** So many rows are counted in one go: a few milliseconds. */
const rowsAtOnce = 4_000;

/** Where a message is counted: by the number of its node, its group, and when it arrived. */
export interface CountedPlace {
  readonly row: number;
  readonly node: number;
  readonly group: string | null;
  readonly hlc: Hlc;
}

/** In which state, and since when where that is known and matters. */
export interface CountedState {
  readonly state: MessageState;
  readonly acknowledgedMs: number | null;
}

interface Counted {
  readonly node: number;
  readonly group: string | null;
  /** By severity, the open ones first. */
  readonly numbers: Int32Array;
}

/** `sinceMs`: from when on the steps are known, where not all along. */
export type OpenPlaces = Pick<Overview, 'steps' | 'sinceMs' | 'nodes' | 'groups'>;

type CountedRow = Omit<CountedPlace, 'hlc' | 'row'> & {
  readonly severity: number;
  readonly state: number;
  readonly arrivedStep: number;
  readonly acknowledgedStep: number | null;
  readonly count: number;
  readonly last: number;
};

/**
 * How many messages there are of each node and group, and when they arrived and were acknowledged: for whoever may see only
 * some, and for the overview. Modes: idle (nobody asked yet, costs nothing), counting (rows up to `upTo` are counted, a chunk
 * at a time), complete. Kept in memory as rows come, go and change; after a rollback it starts anew.
 */
export class PlaceCounts {
  readonly #rows: Statement;
  readonly #counted = new Map<string, Counted>();
  readonly #steps = new TimeSteps();
  #mode: 'idle' | 'counting' | 'complete' = 'idle';
  #upTo = 0;
  #work: Promise<void> | null = null;

  constructor(database: Database) {
    this.#rows = database.prepare(
      `SELECT m.node, m.message_group AS "group", m.severity, coalesce(k.state, 0) AS state,
         m.hlc / ${stepMs * 1_000} AS arrivedStep,
         CASE WHEN k.state = 1 THEN max(k.acknowledged_ms / ${stepMs}, m.hlc / ${stepMs * 1_000}) END
           AS acknowledgedStep,
         count(*) AS count, max(m.row) AS last
       FROM (SELECT * FROM messages WHERE row > ? ORDER BY row LIMIT ?) m LEFT JOIN marks k ON k.message = m.id
       GROUP BY 1, 2, 3, 4, 5, 6`,
    );
  }

  /** A message in that state came into view (1) or left it (-1). */
  count(
    { row, node, group, hlc }: CountedPlace,
    { state, acknowledgedMs }: CountedState,
    rank: number,
    by: 1 | -1,
  ): void {
    if (this.#mode === 'idle' || (this.#mode === 'counting' && row > this.#upTo)) return;
    const key = this.#add(node, group, state === 'acknowledged' ? 1 : 0, rank, by);
    this.#steps.add('arrived', key, hlcMs(hlc), rank, by);
    // One that was acknowledged before it was here was never open.
    if (state === 'acknowledged' && acknowledgedMs !== null)
      this.#steps.add('acknowledged', key, Math.max(acknowledgedMs, hlcMs(hlc)), rank, by);
  }

  forget(): void {
    this.#mode = 'idle';
    this.#counted.clear();
    this.#steps.forget();
  }

  /** `pause` lets other work in between two chunks. */
  async counts(
    scope: Scope,
    nodeName: (node: number) => string,
    pause: () => Promise<void>,
  ): Promise<MessageCounts> {
    await this.#complete(pause);
    return this.#countsOf(this.#inScope(scope, nodeName));
  }

  /** What is open where, and how that came to be. */
  async overview(
    { scope, span, nowMs }: { readonly scope: Scope; readonly span: OverviewSpan; readonly nowMs: number },
    nodeName: (node: number) => string,
    pause: () => Promise<void>,
  ): Promise<OpenPlaces> {
    await this.#complete(pause);
    const inScope = this.#inScope(scope, nodeName);
    const { open } = this.#countsOf(inScope);
    const isIn = scope === null ? null : (place: string) => inScope.has(place);
    const since = scope === null ? 0 : this.#steps.placesSince;
    return {
      steps: openSteps(open, span, nowMs, (step) => this.#steps.at(step, isIn), since),
      sinceMs: since === 0 ? null : since * stepMs,
      nodes: worstOf(inScope, ({ node }) => nodeName(node)),
      groups: worstOf(inScope, ({ group }) => group),
    };
  }

  /** Open messages of each group; null: those without one. */
  async openByGroup(
    scope: Scope,
    nodeName: (node: number) => string,
    pause: () => Promise<void>,
  ): Promise<ReadonlyMap<string | null, MessageCounts['open']>> {
    await this.#complete(pause);
    const sums = openSums(this.#inScope(scope, nodeName), ({ group }) => group);
    return new Map([...sums].map(([group, open]) => [group, bySeverity(open)]));
  }

  async #complete(pause: () => Promise<void>): Promise<void> {
    while (this.#mode !== 'complete')
      await (this.#work ??= this.#countAll(pause).finally(() => {
        this.#work = null;
      }));
  }

  #inScope(scope: Scope, nodeName: (node: number) => string): ReadonlyMap<string, Counted> {
    if (scope === null) return this.#counted;
    return new Map(
      [...this.#counted].filter(([, { node, group }]) =>
        isInScope(scope, { nodeName: nodeName(node), group: group ?? undefined }),
      ),
    );
  }

  #countsOf(places: ReadonlyMap<string, Counted>): MessageCounts {
    const sums = [new Int32Array(severities.length), new Int32Array(severities.length)] as const;
    for (const { numbers } of places.values())
      for (const [at, number] of numbers.entries()) {
        const sum = at < severities.length ? sums[0] : sums[1];
        sum[at % severities.length] = (sum[at % severities.length] ?? 0) + number;
      }
    const total = [...sums[0], ...sums[1]].reduce((sum, number) => sum + number, 0);
    return { total, open: bySeverity(sums[0]), acknowledged: bySeverity(sums[1]) };
  }

  async #countAll(pause: () => Promise<void>): Promise<void> {
    this.#counted.clear();
    this.#steps.forget();
    this.#upTo = 0;
    this.#mode = 'counting';
    while (this.#isCounting()) {
      const rows = this.#rows.all<CountedRow>(this.#upTo, rowsAtOnce);
      for (const row of rows) this.#addRow(row);
      if (rows.length === 0) this.#mode = 'complete';
      for (const { last } of rows) this.#upTo = Math.max(this.#upTo, last);
      if (this.#isCounting()) await pause();
    }
  }

  #isCounting(): boolean {
    return this.#mode === 'counting';
  }

  #addRow({ node, group, state, severity, arrivedStep, acknowledgedStep, count }: CountedRow): void {
    const key = this.#add(node, group, state, severity, count);
    this.#steps.add('arrived', key, arrivedStep * stepMs, severity, count);
    if (acknowledgedStep !== null)
      this.#steps.add('acknowledged', key, acknowledgedStep * stepMs, severity, count);
  }

  #add(node: number, group: string | null, state: number, rank: number, by: number): string {
    const key = `${node}/${group ?? ''}/${group === null ? 0 : 1}`;
    const counted = this.#counted.get(key) ?? {
      node,
      group,
      numbers: new Int32Array(2 * severities.length),
    };
    const at = state * severities.length + rank;
    counted.numbers[at] = (counted.numbers[at] ?? 0) + by;
    this.#counted.set(key, counted);
    return key;
  }
}

/** Those with the most open messages of the highest severity first, among equals those with the most of the next. */
function worstOf(
  places: ReadonlyMap<string, Counted>,
  nameOf: (counted: Counted) => string | null,
): WorstPlace[] {
  return [...openSums(places, nameOf)]
    .sort(([a, left], [b, right]) => worseFirst(left, right) || ((a ?? '') < (b ?? '') ? -1 : 1))
    .slice(0, worstPlacesMax)
    .map(([name, open]) => ({ name, open: bySeverity(open) }));
}

/** Open messages by name and severity, of the names that have any. */
function openSums(
  places: ReadonlyMap<string, Counted>,
  nameOf: (counted: Counted) => string | null,
): Map<string | null, Int32Array> {
  const byName = new Map<string | null, Int32Array>();
  for (const counted of places.values()) {
    const name = nameOf(counted);
    const sum = byName.get(name) ?? new Int32Array(severities.length);
    for (const rank of severities.keys()) sum[rank] = (sum[rank] ?? 0) + (counted.numbers[rank] ?? 0);
    byName.set(name, sum);
  }
  return new Map([...byName].filter(([, open]) => open.some((number) => number > 0)));
}

function worseFirst(left: Int32Array, right: Int32Array): number {
  const rank = left.findLastIndex((number, at) => number !== right[at]);
  return rank < 0 ? 0 : (right[rank] ?? 0) - (left[rank] ?? 0);
}

export function bySeverity(counts: Int32Array | readonly number[]): MessageCounts['open'] {
  const named: Partial<Record<(typeof severities)[number], number>> = {};
  for (const [rank, severity] of severities.entries()) named[severity] = counts[rank] ?? 0;
  // Every severity was given a number just now.
  return named as MessageCounts['open'];
}
