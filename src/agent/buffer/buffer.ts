import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import type { Message, MessageDraft } from '../../model/message.ts';
import { UuidV7Source } from '../../model/uuid.ts';
import type { Timer } from '../../runtime/clock.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { rowOf, type Append, type Settlement, type Waiting } from './append.ts';
import type { NodeName } from './batch.ts';
import { damageMessage, gapMessage, gapReasons } from './gap.ts';
import { Lane } from './lane.ts';
import { openBufferDatabase, replaceDatabase, type Opened } from './open-database.ts';
import { BufferStore, type TargetSum } from './store.ts';
import { copyTotals, type Totals } from './totals.ts';

export const bufferBytesMin = 1_048_576;
export const bufferBytesDefault = 268_435_456;

/** Commits are at least this far apart, so that under load many messages share one fsync; an idle buffer does not wait. */
const commitEveryMs = 10;
/** What the pool has stored is taken out with the next commit, or after this long. */
const settleWithinMs = 50;
const retryAfterMs = 1_000;
const gapEveryMs = 10_000;
/** A gap is told when the buffer has come down to this share of its cap. */
const roomShare = 0.9;
/** Messages waiting for one commit; commits take milliseconds, so more means that the disk stands still. */
const waitingMax = 50_000;

export type BufferRuntime = Pick<Runtime, 'clock' | 'timers' | 'random' | 'files' | 'databases' | 'log'>;

export interface BufferOptions {
  readonly runtime: BufferRuntime;
  readonly path: string;
  readonly bytesMax: number;
  readonly node: NodeName;
  /** Who gets a message that is made now; asked once, before it is written. Without it the agent's own pool gets all. */
  readonly route?: (message: Message) => Routed;
  /** New messages are on disk. */
  readonly onAppended: () => void;
  /** The disk failed in a way after which nothing written can be believed: the process must end. */
  readonly onFatal: (error: WatchError) => void;
}

/** A message as it is to be written, and the pool that gets it: empty for the agent's own. */
export interface Routed {
  readonly message: Message;
  readonly target: string;
}

/**
 * Everything the agent reports passes through here: on disk first, out when the pool has it. Messages that wait for a
 * commit, answers that wait for one, and batches on their way (claimed) are all that is in memory.
 */
export class Buffer implements AsyncDisposable {
  /** The lines of a log keep their order on every page, also those of one millisecond. */
  readonly #ids = new UuidV7Source();
  readonly #options: BufferOptions;
  #store: BufferStore;
  #generation = 1;
  #waiting: Waiting[] = [];
  #waitingCount = 0;
  #settlements: Settlement[] = [];
  readonly #lanes = new Map<string, Lane>();
  /** Targets that are none any more, whose messages go home with the next commit. */
  readonly #homeless = new Set<string>();
  #timer: Timer | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #committedAtMs = Number.NEGATIVE_INFINITY;
  #gapsOpen: boolean;
  #gapToldAtMs = Number.NEGATIVE_INFINITY;
  #unknownGaps = 0;
  #full = false;
  #ended: WatchError | null = null;
  #replacing: Promise<void> | null = null;

  private constructor(options: BufferOptions, opened: Opened) {
    this.#options = options;
    this.#store = new BufferStore(opened.database);
    this.#gapsOpen = this.#store.openGaps().length > 0;
    this.#unknownGaps = Number(this.#store.state('unknown gaps') ?? 0);
    if (opened.damaged) this.#reportDamage(opened.damaged);
    if (this.#gapsOpen) this.#commitWithin(0);
  }

  /** Always opens: a damaged database is moved aside and reported. WK_DISK_FULL and the like when it cannot. */
  static async open(options: BufferOptions): Promise<Buffer> {
    const { runtime, path } = options;
    return new Buffer(options, await openBufferDatabase(runtime, path, runtime.clock.wallMs()));
  }

  /**
   * Resolves with the messages' IDs when they are on disk. WK_DISK_FULL, WK_DISK_FAILED, WK_OVERLOADED otherwise, and
   * then none of them is. A full buffer is not an error: it drops by rank and keeps the books.
   */
  append(append: Append): Promise<readonly string[]> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (this.#waitingCount + append.drafts.length > waitingMax)
      return Promise.reject(
        new WatchError('WK_OVERLOADED', `more than ${waitingMax} messages wait for the disk; send slower`),
      );
    const messages = this.#complete(append.drafts);
    const { route } = this.#options;
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        rows: messages.map((message) => {
          const routed = route?.(message) ?? { message, target: '' };
          return rowOf(routed.message, routed.target);
        }),
        ids: messages.map(({ id }) => id),
        state: append.state ?? {},
        resolve,
        reject,
      });
      this.#waitingCount += messages.length;
      this.#commitWithin(0);
    });
  }

  state(key: string): string | null {
    return this.#store.state(key);
  }

  /** What waits for one pool; always the same lane for the same target. */
  lane(target: string): Lane {
    const known = this.#lanes.get(target);
    if (known) return known;
    const lane = new Lane(target, {
      node: this.#options.node,
      store: () => this.#store,
      generation: () => this.#generation,
      holdsBack: () => this.#holdsBack,
      read: (read) => this.#guard(read),
      settle: (settlement) => this.#settle(settlement),
    });
    this.#lanes.set(target, lane);
    return lane;
  }

  /** How much waits for each pool but the agent's own that something waits for. */
  targets(): readonly TargetSum[] {
    return this.#guard(() => this.#store.targets()) ?? [];
  }

  /** That pool is reached no more: what waits for it goes to the agent's own. */
  rehome(target: string): void {
    this.#homeless.add(target);
    this.#commitWithin(0);
  }

  get totals(): Totals {
    return copyTotals(this.#store.totals);
  }

  /** How often an unknown number of messages was lost with a damaged database, since this agent was installed. */
  get unknownGaps(): number {
    return this.#unknownGaps;
  }

  /** True while the disk has no room. */
  get diskFull(): boolean {
    return this.#full;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#replacing;
    if (!this.#ended) {
      this.#commit();
      this.#end(new WatchError('WK_UNAVAILABLE', 'the agent is stopping'));
    }
  }

  #complete(drafts: readonly MessageDraft[]): Message[] {
    const { clock, random } = this.#options.runtime;
    const createdMs = clock.wallMs();
    return drafts.map((draft) => ({ id: this.#ids.next(createdMs, random.bytes(10)), createdMs, ...draft }));
  }

  /** Half of the buffer at most may be on the way, so that eviction always finds something. */
  get #holdsBack(): boolean {
    if (this.#ended !== null || this.#replacing !== null) return true;
    const claimed = [...this.#lanes.values()].reduce((sum, { claims }) => sum + claims.bytes, 0);
    return claimed > this.#options.bytesMax / 2;
  }

  #settle(settlement: Settlement): void {
    if (this.#ended || settlement.generation !== this.#generation) return;
    this.#settlements.push(settlement);
    this.#commitWithin(settleWithinMs);
  }

  #commitWithin(withinMs: number): void {
    if (this.#ended || this.#replacing) return;
    const nowMs = this.#options.runtime.clock.monotonicMs();
    const atMs = Math.max(nowMs + withinMs, this.#committedAtMs + commitEveryMs);
    if (atMs >= this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    const run = (): void => {
      if (this.#timerAtMs === atMs) this.#commit();
    };
    const { timers } = this.#options.runtime;
    if (atMs <= nowMs) {
      this.#timer = null;
      timers.soon(run);
    } else this.#timer = timers.after(atMs - nowMs, run);
  }

  #commit(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    if (this.#ended || this.#replacing) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingCount = 0;
    const { lastSeq } = this.#store;
    try {
      this.#store.change((totals) => this.#write(totals, waiting));
    } catch (error) {
      this.#committedAtMs = this.#options.runtime.clock.monotonicMs();
      return this.#failed(error, waiting);
    }
    this.#committedAtMs = this.#options.runtime.clock.monotonicMs();
    this.#settlements = [];
    for (const target of this.#homeless) this.#lanes.get(target)?.forget();
    this.#homeless.clear();
    this.#full = false;
    this.#gapsOpen = this.#store.openGaps().length > 0;
    if (this.#gapsOpen) this.#commitWithin(this.#gapDueInMs());
    for (const append of waiting) append.resolve(append.ids);
    if (this.#store.lastSeq > lastSeq) this.#options.onAppended();
  }

  #write(totals: Totals, waiting: readonly Waiting[]): void {
    for (const settlement of this.#settlements) this.#apply(totals, settlement);
    for (const { rows, state } of waiting) {
      for (const row of rows) this.#store.insert(totals, row);
      for (const [key, value] of Object.entries(state)) this.#store.setState(key, value);
    }
    for (const target of this.#homeless) this.#store.rehome(totals, target);
    this.#tellGaps(totals);
    const claimed = [...this.#lanes.values()].flatMap(({ claims }) => claims.unstored);
    this.#store.evict(totals, this.#options.bytesMax, claimed);
  }

  #apply(totals: Totals, { refused, stored, before, ...range }: Settlement): void {
    for (const seq of refused) this.#store.refuse(totals, seq);
    if (stored) this.#store.deliver(totals, range, before);
    else if (before === 0) this.#store.storedOnce(totals, range);
  }

  #gapDueInMs(): number {
    if (!this.#hasRoom(this.#store.totals)) return gapEveryMs;
    return Math.max(0, this.#gapToldAtMs + gapEveryMs - this.#options.runtime.clock.monotonicMs());
  }

  #hasRoom(totals: Totals): boolean {
    return totals.bufferedBytes <= this.#options.bytesMax * roomShare;
  }

  #tellGaps(totals: Totals): void {
    const nowMs = this.#options.runtime.clock.monotonicMs();
    if (!this.#gapsOpen || nowMs - this.#gapToldAtMs < gapEveryMs) return;
    if (!this.#hasRoom(totals)) return;
    const gaps = this.#store.openGaps();
    for (const reason of gapReasons) {
      const ofReason = gaps.filter((gap) => gap.reason === reason);
      if (ofReason.length === 0) continue;
      for (const message of this.#complete([gapMessage(ofReason, reason)]))
        this.#store.insert(totals, rowOf(message, ''));
    }
    this.#store.closeGaps();
    this.#gapToldAtMs = nowMs;
  }

  #failed(error: unknown, waiting: readonly Waiting[]): void {
    const code = codeOf(error);
    if (code === 'WK_DAMAGED') {
      this.#waiting = [...waiting, ...this.#waiting];
      this.#waitingCount = this.#waiting.reduce((sum, { rows }) => sum + rows.length, 0);
      return this.#replace(textOf(error));
    }
    const told = error instanceof WatchError ? error : new WatchError('WK_INTERNAL', textOf(error));
    for (const append of waiting) append.reject(told);
    if (code !== 'WK_DISK_FULL' && code !== 'WK_UNAVAILABLE') return this.#fatal(told);
    if (!this.#full) this.#options.runtime.log.error('the buffer cannot be written', { why: told.message });
    this.#full = code === 'WK_DISK_FULL';
    if (this.#settlements.length > 0) this.#commitWithin(retryAfterMs);
  }

  /** Runs a read; damage found by it starts the replacement of the database. */
  #guard<T>(read: () => T): T | null {
    if (this.#ended || this.#replacing) return null;
    try {
      return read();
    } catch (error) {
      this.#failed(error, []);
      return null;
    }
  }

  /** Starts anew with an empty database. What waits for a commit goes into the new one. */
  #replace(why: string): void {
    this.#options.runtime.log.error('the buffer is damaged and is moved aside', { why });
    this.#generation += 1;
    this.#settlements = [];
    for (const lane of this.#lanes.values()) lane.forget();
    this.#replacing = this.#reopen(why);
  }

  async #reopen(why: string): Promise<void> {
    const { runtime, path } = this.#options;
    try {
      this.#store.close();
      const opened = await replaceDatabase(runtime, path, runtime.clock.wallMs(), why);
      this.#store = new BufferStore(opened.database);
      this.#replacing = null;
      if (opened.damaged) this.#reportDamage(opened.damaged);
    } catch (error) {
      this.#replacing = null;
      this.#fatal(new WatchError('WK_DISK_FAILED', textOf(error), { cause: error }));
    }
  }

  #reportDamage({ movedTo, why }: { readonly movedTo: string; readonly why: string }): void {
    this.#unknownGaps += 1;
    const report = {
      drafts: [damageMessage(movedTo, why)],
      state: { 'unknown gaps': String(this.#unknownGaps) },
    };
    this.append(report).catch((error: unknown) =>
      this.#options.runtime.log.error('a damaged buffer could not be reported', { why: textOf(error) }),
    );
  }

  #fatal(error: WatchError): void {
    this.#end(error);
    this.#options.onFatal(error);
  }

  #end(error: WatchError): void {
    this.#ended = error;
    this.#timer?.cancel();
    this.#timer = null;
    for (const append of this.#waiting) append.reject(error);
    this.#waiting = [];
    this.#store.close();
  }
}
