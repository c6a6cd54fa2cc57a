import { z } from 'zod';
import type { Change, Coordination, Deleted, Item } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import { codeOf, textOf } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import type { Timer, Timers } from '../runtime/clock.ts';
import type { Database } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';

const retryMs = 1_000;
/** The copy on disk, in the server's database. */
export const mirrorTable = 'definitions_mirror';

interface MirrorPorts {
  readonly coordination: Coordination;
  readonly database: Database;
  readonly timers: Timers;
  readonly log: Log;
  /**
   * Whether a coordinator that knows less than the copy on disk was put back. The embedded one may lose its last commits
   * in a power cut; then its first list counts, whatever was known.
   */
  readonly remembersRevision: boolean;
}

/**
 * A copy of the coordinator's keys, in memory and on disk. Modes: stale (read from disk, no watch yet), live.
 * stale -> live when the whole store was listed and the watch runs; the watch itself then keeps it live across
 * reconnects.
 */
export class Mirror {
  readonly #coordination: Coordination;
  readonly #database: Database;
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #items = new Map<string, Item>();
  readonly #parsed = new Map<string, unknown>();
  /** What `list` answered last for a prefix, until a key below it changes: it is asked for with every batch. */
  readonly #lists = new Map<string, readonly unknown[]>();
  /** The keys below a prefix in their order, until one comes or goes: finding them means looking at all there are. */
  readonly #keys = new Map<string, readonly string[]>();
  readonly #listeners = new Set<(keys: ReadonlySet<string>) => void>();
  #watch: { close(): void } | null = null;
  #retry: Timer | null = null;
  /** Known here and not on disk yet, since the disk took nothing: with older definitions there, a restart would go back. */
  readonly #unstored = new Set<string>();
  #storing: Timer | null = null;
  #closed = false;
  /** The highest revision that was taken over, in the lineage that is known; at the start that of what is on disk. */
  #highest = 0;
  /** What the coordinator says is left aside. */
  #foreign = false;
  /** The next list counts, whatever was known of the same lineage. */
  #isForgetful: boolean;
  /** The keeper doubts the coordinator, and sees more of it than we do. */
  #doubted = false;

  constructor(ports: MirrorPorts) {
    this.#coordination = ports.coordination;
    this.#database = ports.database;
    this.#timers = ports.timers;
    this.#log = ports.log;
    this.#database.exec(
      `CREATE TABLE IF NOT EXISTS ${mirrorTable} (key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID`,
    );
    const rows = this.#database
      .prepare(`SELECT key, value, revision FROM ${mirrorTable}`)
      .all<{ key: string; value: string; revision: number }>();
    for (const row of rows) this.#items.set(row.key, row);
    this.#isForgetful = !ports.remembersRevision;
    if (ports.remembersRevision) this.#highest = Math.max(0, ...rows.map(({ revision }) => revision));
  }

  /** Lists and follows the coordinator; when it is away, tries again for as long as the server runs. */
  async start(): Promise<void> {
    try {
      const listed = await this.#coordination.list('');
      if (this.#closed) return;
      this.#take({ reset: true, revision: listed.revision, items: listed.items });
      this.#watch = this.#coordination.watch('', listed.revision, (change) => this.#take(change));
    } catch (error) {
      this.#log.warn('definitions are read from the local copy, the coordinator does not answer', {
        code: codeOf(error),
        error: textOf(error),
      });
      if (!this.#closed) this.#retry = this.#timers.after(retryMs, () => void this.start());
    }
  }

  /** The highest revision that was taken over. */
  get revision(): number {
    return this.#highest;
  }

  get live(): boolean {
    return this.#watch !== null;
  }

  /** The definition at `key`, or null when there is none or it does not fit `schema`. */
  get<S extends z.ZodType>(key: string, schema: S): z.infer<S> | null {
    const item = this.#items.get(key);
    return item ? this.#parse(item, schema) : null;
  }

  /** The revision at which the definition at `key` was written last; 0 where there is none. */
  revisionOf(key: string): number {
    return this.#items.get(key)?.revision ?? 0;
  }

  /** The JSON text at `key` as it is, for readers that bring their own check. */
  text(key: string): string | null {
    return this.#items.get(key)?.value ?? null;
  }

  /** Every definition under `prefix` that fits `schema`, in the order of the keys; one prefix has one schema. */
  list<S extends z.ZodType>(prefix: string, schema: S): readonly z.infer<S>[] {
    const known = this.#lists.get(prefix);
    if (known) return known as readonly z.infer<S>[];
    const found = this.entries(prefix, schema).map(({ value }) => value);
    this.#lists.set(prefix, found);
    return found;
  }

  /** Resolves when changes up to that revision are here, or after `withinMs`. */
  async reached(revision: number, withinMs: number): Promise<void> {
    if (this.#highest >= revision) return;
    const reached = Promise.withResolvers<void>();
    const timer = this.#timers.after(withinMs, () => reached.resolve());
    const listener = this.onChange(() => {
      if (this.#highest >= revision) reached.resolve();
    });
    await reached.promise;
    timer.cancel();
    listener.close();
  }

  /** The same, each with its key. */
  entries<S extends z.ZodType>(prefix: string, schema: S): { key: string; value: z.infer<S> }[] {
    return this.#keysBelow(prefix).flatMap((key) => {
      const value = this.get(key, schema);
      return value === null ? [] : [{ key, value }];
    });
  }

  #keysBelow(prefix: string): readonly string[] {
    const known = this.#keys.get(prefix);
    if (known) return known;
    const found = [...this.#items.keys()].filter((key) => key.startsWith(prefix)).toSorted();
    this.#keys.set(prefix, found);
    return found;
  }

  /** Called after each change with the keys that changed. */
  onChange(listener: (keys: ReadonlySet<string>) => void): { close(): void } {
    this.#listeners.add(listener);
    return { close: () => this.#listeners.delete(listener) };
  }

  /** While the keeper doubts the coordinator, only a lineage that follows on ours is taken over; afterwards all is read anew. */
  doubt(isDoubted: boolean): void {
    if (isDoubted === this.#doubted) return;
    this.#doubted = isDoubted;
    if (!isDoubted && this.#watch !== null) this.#startAnew();
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#storing?.cancel();
    this.#watch?.close();
    this.#listeners.clear();
  }

  #parse<S extends z.ZodType>(item: Item, schema: S): z.infer<S> | null {
    const known = this.#parsed.get(item.key);
    if (known !== undefined) return known as z.infer<S>;
    const result = schema.safeParse(parseJson(item.value));
    if (!result.success) {
      this.#log.warn('a definition does not fit its schema and is ignored', {
        key: item.key,
        revision: item.revision,
      });
    }
    const value = result.success ? result.data : null;
    this.#parsed.set(item.key, value);
    return value;
  }

  #take(change: Change): void {
    if (this.#closed || this.#isForeign(change)) return;
    this.#isForgetful = false;
    this.#highest = change.reset ? change.revision : Math.max(this.#highest, change.revision);
    const changed = new Set<string>();
    if (change.reset) this.#forgetMissing(change.items, changed);
    const cameOrWent = [...changed];
    for (const item of change.items) {
      if (this.#items.get(item.key)?.revision === item.revision) continue;
      changed.add(item.key);
      this.#parsed.delete(item.key);
      if ((item.value === null) === this.#items.has(item.key)) cameOrWent.push(item.key);
      if (item.value === null) this.#items.delete(item.key);
      else this.#items.set(item.key, item);
    }
    if (changed.size === 0) return;
    forget(this.#lists, changed);
    forget(this.#keys, cameOrWent);
    for (const listener of this.#listeners) listener(changed);
    this.#store(changed);
  }

  /**
   * A coordinator that is empty, went back to before what it said, or carries a lineage that does not follow on ours was
   * lost or put back, not told that the pool is another one: what is known stays in force until an operator confirms.
   */
  #isForeign(change: Change): boolean {
    const known = this.#items.get(keys.pool)?.value;
    if (known === undefined) return false;
    const pool = change.items.find(({ key }) => key === keys.pool)?.value ?? null;
    const isForeign = change.reset
      ? pool === null || this.#isBehind(known, pool, change)
      : this.#foreign || this.#wentBack(change) || (pool !== null && !follows(known, pool));
    const isNext = pool !== null && isLater(known, pool);
    if (isForeign && !this.#foreign)
      this.#log.error(
        'the coordinator is not the one that was known; the definitions known here stay in force',
        { items: change.items.length, revision: change.revision },
      );
    this.#foreign = isForeign;
    // Confirmed: what was overlooked meanwhile has to be read.
    if (!change.reset && isNext) this.#startAnew();
    return isForeign || (!change.reset && isNext) || (this.#doubted && !isNext);
  }

  /** What is known is ordered by lineage, and by revision within one. */
  #isBehind(known: string, pool: string, change: Change): boolean {
    if (isLater(known, pool)) return false;
    if (!follows(known, pool)) return true;
    return !this.#isForgetful && (change.revision < this.#highest || this.#wentBack(change));
  }

  /** A key's revision never falls: what is older than it was shows that the coordinator went back, whatever was written since. */
  #wentBack({ items }: Change): boolean {
    return items.some(({ key, revision }) => revision < (this.#items.get(key)?.revision ?? 0));
  }

  #startAnew(): void {
    this.#watch?.close();
    this.#watch = null;
    void this.start();
  }

  #forgetMissing(items: readonly (Item | Deleted)[], changed: Set<string>): void {
    const kept = new Set(items.map((item) => item.key));
    for (const key of this.#items.keys()) {
      if (kept.has(key)) continue;
      this.#items.delete(key);
      this.#parsed.delete(key);
      changed.add(key);
    }
  }

  /** Signs of life change twice a second on every server and are worth nothing after a restart: not on disk. */
  #store(changed: ReadonlySet<string>): void {
    for (const key of changed)
      if (!key.startsWith(keys.sessions) && !key.startsWith(keys.etcdSigns)) this.#unstored.add(key);
    // That a change is in every history is no reason for an fsync: it goes to the disk with whatever comes next.
    if ([...changed].every((key) => key.startsWith(keys.definitionChanges) && !this.#items.has(key))) return;
    this.#storeRest();
  }

  #storeRest(): void {
    const lasting = [...this.#unstored];
    if (lasting.length === 0 || this.#closed) return;
    const isNews = this.#storing === null;
    this.#storing?.cancel();
    this.#storing = null;
    try {
      this.#database.transaction(() => {
        const put = this.#database.prepare(`INSERT OR REPLACE INTO ${mirrorTable} VALUES (?, ?, ?)`);
        const remove = this.#database.prepare(`DELETE FROM ${mirrorTable} WHERE key = ?`);
        for (const key of lasting) {
          const item = this.#items.get(key);
          if (item) put.run(item.key, item.value, item.revision);
          else remove.run(key);
        }
      });
      this.#unstored.clear();
    } catch (error) {
      this.#storing = this.#timers.after(retryMs, () => this.#storeRest());
      if (isNews)
        this.#log.error('definitions could not be stored and are held in memory only; tried again', {
          error: textOf(error),
        });
    }
  }
}

/** What is remembered of the prefixes of these keys. */
function forget(byPrefix: Map<string, unknown>, changed: Iterable<string>): void {
  for (const key of changed)
    for (const prefix of byPrefix.keys()) if (key.startsWith(prefix)) byPrefix.delete(prefix);
}

const lineageSchema = z.object({ lineage: z.string(), before: z.array(z.string()).default([]) });

function lineageOf(pool: string): z.infer<typeof lineageSchema> {
  const parsed = lineageSchema.safeParse(parseJson(pool));
  return parsed.success ? parsed.data : { lineage: '', before: [] };
}

/** One that an operator said goes on from the one that is known. */
function isLater(known: string, pool: string): boolean {
  const [ours, theirs] = [lineageOf(known).lineage, lineageOf(pool)];
  return theirs.lineage !== ours && theirs.before.includes(ours);
}

function follows(known: string, pool: string): boolean {
  return lineageOf(known).lineage === lineageOf(pool).lineage || isLater(known, pool);
}
