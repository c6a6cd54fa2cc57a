import type { Entry, EntryBody, EntryDraft, EntryKind } from '../model/entry.ts';
import { codeOf, textOf, WatchError } from '../model/errors.ts';
import { HybridClock, type Hlc } from '../model/hlc.ts';
import { invariant } from '../model/invariant.ts';
import { coreIdOfOrigin, type Origin, type Positions } from '../model/origin.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Clock, Timers } from '../runtime/clock.ts';
import type { Database, Statement } from '../runtime/database.ts';
import type { Random } from '../runtime/random.ts';
import type { Applier } from './applier.ts';
import { checksumOf, isIntact, sameBytes } from './checksum.ts';
import { CommitQueue, commitQueueLimits, type CommitQueueLimits } from './commit-queue.ts';
import type { Damage } from './damage.ts';
import { rememberDecoded } from './decode-entry.ts';
import { EntryStore } from './entry-store.ts';
import { highestHlc } from './highest-hlc.ts';
import { OriginHeads, type OriginHead } from './origin-heads.ts';
import { createJournalTables, localTables } from './tables.ts';
import { checkArrivals } from './arrivals.ts';
import { ApplyFailure, EntryApplication } from './entry-application.ts';

export interface JournalOptions {
  readonly database: Database;
  readonly applier: Applier;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** Core ID of this server. */
  readonly coreId: Uuid;
  readonly onDamage: (damage: Damage) => void;
  /**
   * The disk failed under a commit, or is damaged where what is derived must be read anew: the process must end.
   * WK_DISK_FAILED: whether it is stored is unknown. WK_DAMAGED: it is not.
   */
  readonly onFailure: (error: WatchError) => void;
  readonly limits?: CommitQueueLimits;
}

/** What a large transaction needs, on the disk and in its log. */
const probeBytes = 1_048_576;
const probeKey = 'probe';

interface Job {
  readonly bytes: number;
  readonly work:
    | { readonly kind: 'append'; readonly draft: EntryDraft; readonly value: unknown }
    | { readonly kind: 'receive'; readonly entries: readonly Entry[] };
  readonly resolve: (stored: readonly Entry[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The journal of this server: its own entries and those of every other server, each origin without a gap. Modes: open,
 * failed (after a disk error: everything is refused, the process is about to end), closed.
 */
export class Journal {
  /** This run's own origin. */
  readonly origin: Origin;
  readonly #options: JournalOptions;
  readonly #heads: OriginHeads;
  readonly #entries: EntryStore;
  readonly #application: EntryApplication;
  readonly #queue: CommitQueue<Job>;
  readonly #listeners = new Set<(entries: readonly Entry[]) => void>();
  #clock: HybridClock;
  #mode: 'open' | 'failed' | 'closed' = 'open';
  #trouble: WatchError | null = null;
  #keepLocal: Statement | null = null;

  private constructor(options: JournalOptions) {
    this.#options = options;
    this.#heads = new OriginHeads(options.database);
    this.#entries = new EntryStore(options.database);
    this.#application = new EntryApplication(options.database, options.applier, options.onDamage);
    this.origin = this.#heads.draw(options.coreId, options.random);
    this.#clock = new HybridClock(highestHlc(this.#heads.all(), options.coreId, options.clock.wallMs()));
    this.#queue = new CommitQueue(options.timers, options.limits ?? commitQueueLimits, (jobs) =>
      this.#commit(jobs),
    );
  }

  /** WK_DAMAGED when the tables cannot be read; call after the applier has made its own. */
  static open(options: JournalOptions): Journal {
    createJournalTables(options.database);
    const journal = new Journal(options);
    journal.#application.applyLeftOvers((origin, seq) => journal.#readOne(origin, seq));
    return journal;
  }

  /**
   * Stores one entry of our own; resolves when it is on the disk. `value` spares decoding the body again: only for a
   * caller who decoded these very bytes with `decodeBody`, or encoded them. WK_OVERLOADED, WK_DISK_FULL, WK_DISK_FAILED.
   */
  async append<K extends EntryKind>(
    draft: EntryDraft & { readonly kind: K },
    value?: EntryBody<K>,
  ): Promise<Entry> {
    const [entry] = await this.#enqueue(draft.body.length, { kind: 'append', draft, value });
    invariant(entry !== undefined, 'an appended draft became an entry');
    return entry;
  }

  /**
   * Stores entries that other servers made, in order within each origin; resolves when they are on the disk. Known
   * ones are skipped. WK_DAMAGED for a checksum that does not match, WK_CONFLICT for a gap (read our positions anew);
   * nothing of the call is stored then.
   */
  async receive(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries)
      if (!isIntact(entry))
        throw new WatchError(
          'WK_DAMAGED',
          `entry ${entry.seq} of ${entry.origin} was damaged on its way: its checksum does not match`,
        );
    const bytes = entries.reduce((sum, entry) => sum + entry.body.length, 0);
    await this.#enqueue(bytes, { kind: 'receive', entries });
  }

  positions(): Positions {
    return this.#heads.positions();
  }

  /** Entries of `origin` after `afterSeq`; WK_DAMAGED (also reported), WK_NOT_FOUND when they were trimmed. */
  read(origin: Origin, afterSeq: number, bytesMax: number): Entry[] {
    const head = this.#heads.get(origin);
    if (!head) return [];
    if (afterSeq + 1 < head.firstKept)
      throw new WatchError('WK_NOT_FOUND', `entries of ${origin} before ${head.firstKept} were trimmed here`);
    try {
      return this.#entries.read(head, afterSeq, bytesMax);
    } catch (error) {
      if (codeOf(error) === 'WK_DAMAGED')
        this.#options.onDamage({ origin, seq: afterSeq + 1, text: textOf(error) });
      throw error;
    }
  }

  /** The lowest sequence number of `origin` still here; one above its position when all were trimmed. */
  firstKept(origin: Origin): number {
    return this.#heads.get(origin)?.firstKept ?? 1;
  }

  /** Null when the position is not here (not reached yet, or trimmed). */
  chainAt(origin: Origin, seq: number): Uint8Array | null {
    const head = this.#heads.get(origin);
    if (!head || seq > head.last) return null;
    return seq === head.last ? head.chain : this.#entries.chainAt(head, seq);
  }

  /** The run of that server which wrote last, as far as this server has heard. */
  newestOriginOf(coreId: Uuid): Origin | null {
    return coreId === coreIdOfOrigin(this.origin) ? this.origin : this.#heads.newestOf(coreId);
  }

  heads(): readonly OriginHead[] {
    return [...this.#heads.all()];
  }

  /** When that entry was made, or null when it is not here. */
  hlcAt(origin: Origin, seq: number): Hlc | null {
    const head = this.#heads.get(origin);
    return head ? this.#entries.hlcAt(head, seq) : null;
  }

  /** A stamp above every one this server has stored or made, for an operation about to be appended. */
  nextHlc(): Hlc {
    return this.#clock.next(this.#options.clock.wallMs());
  }

  /** Called after each commit with what was new, in the order of storing. Answers a function that ends it. */
  onCommit(listener: (entries: readonly Entry[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Entries stored but not applied, with the reason: unknown kinds, and bodies that do not fit their schema. */
  unapplied(): readonly { origin: Origin; seq: number; kind: string; reason: string }[] {
    return this.#application.leftOvers();
  }

  /** What waits to be committed. */
  get queued(): { readonly items: number; readonly bytes: number } {
    return { items: this.#queue.items, bytes: this.#queue.bytes };
  }

  /** Why the disk did not take a transaction; null again after a probe, since a small one that went through proves nothing. */
  get trouble(): WatchError | null {
    return this.#trouble;
  }

  /**
   * A real commit with a real fsync: the only honest answer to "does the disk work". After one that failed it takes
   * the room of a large one, since a full disk still has a place for a few bytes. Throws what the disk says.
   */
  probe(): void {
    try {
      if (this.#trouble !== null) this.setLocal(probeKey, ' '.repeat(probeBytes));
      this.setLocal(probeKey, String(this.#options.clock.wallMs()));
      this.#trouble = null;
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  /** Deletes the entries of `origin` up to `upTo`; the caller has planned it with `planTrim`. */
  trim(origin: Origin, upTo: number): void {
    const head = this.#heads.get(origin);
    if (!head || upTo < head.firstKept) return;
    const bounded = Math.min(upTo, head.last);
    try {
      this.#options.database.transaction(() => {
        this.#heads.stage(this.#entries.delete(head, bounded));
        this.#heads.write();
      });
    } catch (error) {
      this.#heads.discard();
      this.#note(error);
      throw error;
    }
    this.#heads.settle();
  }

  /**
   * Cheap enough for every start: the last entry of each origin is there, intact, and ends the chain. `full` reads
   * every entry and every page of the file. WK_DAMAGED with what is wrong.
   */
  verify(how: 'quick' | 'full'): void {
    for (const head of this.#heads.all()) this.#verifyHead(head, how);
    if (how === 'quick') return;
    const row = this.#options.database.prepare('PRAGMA quick_check(1)').get<{ quick_check: string }>();
    if (row?.quick_check !== 'ok')
      throw new WatchError('WK_DAMAGED', `${this.#options.database.path}: ${row?.quick_check}`);
  }

  /** A value this server keeps for itself; it survives the installation of a snapshot. */
  local(key: string): string | null {
    const row = this.#options.database.prepare(`SELECT value FROM ${localTables[0]} WHERE key = ?`).get(key);
    return typeof row?.value === 'string' ? row.value : null;
  }

  setLocal(key: string, value: string): void {
    // Kept, since a probe of the disk comes every few seconds.
    this.#keepLocal ??= this.#options.database.prepare(
      `INSERT INTO local(key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value`,
    );
    this.#keepLocal.run(key, value);
  }

  /** Commits what waits, then refuses everything. The database stays open; it belongs to the caller. */
  close(): void {
    if (this.#mode === 'open') this.#queue.drain();
    this.#mode = 'closed';
  }

  #enqueue(bytes: number, work: Job['work']): Promise<readonly Entry[]> {
    return new Promise((resolve, reject) => {
      if (this.#mode !== 'open')
        throw new WatchError('WK_UNAVAILABLE', `the journal of this server is ${this.#mode}`);
      // Refusing other servers for the load that agents make would cost the pool its second copies.
      this.#queue.add({ bytes, work, resolve, reject }, work.kind === 'receive');
    });
  }

  #commit(jobs: readonly Job[]): void {
    if (this.#mode === 'failed') return this.#rejectAll(jobs, new WatchError('WK_DISK_FAILED'));
    while (this.#attempt(jobs) === 'again');
  }

  /** One transaction. `again` after an entry turned out not to be applicable: then it is stored without. */
  #attempt(jobs: readonly Job[]): 'done' | 'again' {
    const clock = new HybridClock(this.#clock.last);
    let results: readonly JobResult[];
    try {
      results = this.#options.database.transaction(() => {
        const stored = jobs.map((job) => this.#store(job, clock));
        this.#heads.write();
        this.#options.applier.beforeCommit();
        return stored;
      });
    } catch (error) {
      return this.#undo(jobs, error);
    }
    this.#heads.settle();
    this.#application.settle();
    this.#clock = clock;
    this.#answer(jobs, results);
    return 'done';
  }

  #undo(jobs: readonly Job[], error: unknown): 'done' | 'again' {
    this.#heads.discard();
    this.#application.discard();
    const lost = this.#reload();
    if (lost !== null) this.#fail(lost);
    else if (error instanceof ApplyFailure) {
      this.#application.skip(error);
      return 'again';
    }
    this.#note(error);
    this.#rejectAll(jobs, lost ?? error);
    return 'done';
  }

  /** What the applier keeps in memory is read anew after a rollback; when even that fails nothing here can be believed. */
  #reload(): WatchError | null {
    try {
      this.#options.applier.afterRollback();
      return null;
    } catch (error) {
      if (error instanceof WatchError) return error;
      throw error;
    }
  }

  #note(error: unknown): void {
    if (!(error instanceof WatchError)) return;
    this.#trouble = error;
    if (error.code === 'WK_DISK_FAILED') this.#fail(error);
  }

  #fail(error: WatchError): void {
    if (this.#mode === 'failed') return;
    this.#mode = 'failed';
    this.#options.onFailure(error);
  }

  #rejectAll(jobs: readonly Job[], error: unknown): void {
    for (const job of jobs) job.reject(error);
  }

  #answer(jobs: readonly Job[], results: readonly JobResult[]): void {
    const stored: Entry[] = [];
    for (const [index, job] of jobs.entries()) {
      const result = results[index];
      invariant(result !== undefined, 'every job has a result');
      if ('refused' in result) job.reject(result.refused);
      else {
        job.resolve(result.stored);
        stored.push(...result.stored);
      }
    }
    if (stored.length > 0) for (const listener of this.#listeners) listener(stored);
  }

  #store(job: Job, clock: HybridClock): JobResult {
    if (job.work.kind === 'append')
      return { stored: [this.#storeOwn(job.work.draft, job.work.value, clock)] };
    const arrivals = checkArrivals(job.work.entries, this.origin, (origin) => {
      const head = this.#heads.current(origin);
      return { last: head.last, checksumAt: (seq) => this.#entries.checksumAt(head, seq) };
    });
    for (const damage of arrivals.damage) this.#options.onDamage(damage);
    if (arrivals.refused) return { refused: arrivals.refused };
    for (const entry of arrivals.fresh) {
      clock.observe(entry.hlc, this.#options.clock.wallMs());
      this.#storeOne(entry);
    }
    return { stored: arrivals.fresh };
  }

  #storeOwn(draft: EntryDraft, value: unknown, clock: HybridClock): Entry {
    const unsigned = {
      origin: this.origin,
      seq: this.#heads.current(this.origin).last + 1,
      hlc: clock.next(this.#options.clock.wallMs()),
      kind: draft.kind,
      body: draft.body,
    };
    const entry: Entry = { ...unsigned, checksum: checksumOf(unsigned) };
    if (value !== undefined) rememberDecoded(entry, draft.kind, value as EntryBody<EntryKind>);
    this.#storeOne(entry);
    return entry;
  }

  #storeOne(entry: Entry): void {
    this.#heads.stage(this.#entries.insert(this.#heads.current(entry.origin), entry));
    this.#application.apply(entry);
  }

  #readOne(origin: Origin, seq: number): Entry | null {
    const head = this.#heads.get(origin);
    if (!head || seq < head.firstKept) return null;
    return this.#entries.read(head, seq - 1, 0)[0] ?? null;
  }

  #verifyHead(head: OriginHead, how: 'quick' | 'full'): void {
    if (head.firstKept > head.last) return;
    const chain = this.#entries.chainAt(head, head.last);
    if (chain === null || !sameBytes(chain, head.chain))
      throw new WatchError('WK_DAMAGED', `the end of ${head.origin} is missing or damaged on this server`);
    let seq = how === 'full' ? head.firstKept - 1 : head.last - 1;
    while (seq < head.last) seq += this.#entries.read(head, seq, 1_048_576).length;
  }
}

type JobResult = { readonly stored: readonly Entry[] } | { readonly refused: WatchError };
