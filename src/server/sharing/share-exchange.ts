import { fold, outsideBounds, unfolded } from '../../journal/body.ts';
import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessage, LinkMessageOf } from '../../link/messages.ts';
import type { OutboxItem } from '../../messages/sharing.ts';
import type { SettledItem } from '../../model/entry.ts';
import { codeOf, errorTable, textOf, WatchError } from '../../model/errors.ts';
import { sharedBatchSchema, sharedItemsMax, type SharedItem } from '../../model/sharing.ts';
import { issuesText } from '../../policies/policy-set.ts';
import type { Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Copies } from '../health/copies.ts';
import type { Taken } from './take-shared.ts';

const batchBytesMax = 1_048_576;
const againAfterMs = 500;
/** Nothing was said of something new: what could not be stored a moment ago, say. */
const lookEveryMs = 2_000;
const refusedCharsMax = 512;
/** Batches that the other pool has on one disk, and that are kept here for that. */
const onceMax = 16;

type Connection = Pick<LinkConnection, 'onMessage' | 'send' | 'refuse'>;

interface Ports {
  readonly timers: Timers;
  readonly log: Log;
  readonly copies: Pick<Copies, 'wait' | 'wanted'>;
  /** The name of the other pool. */
  readonly poolName: string;
  /** The oldest that wait for it. */
  outbox(limit: number): readonly OutboxItem[];
  itemOf(item: OutboxItem): SharedItem | null;
  settle(items: readonly SettledItem[]): Promise<unknown>;
  take(items: readonly SharedItem[]): Promise<Taken>;
  /** False: this server may not send now (it does not act any more). */
  maySend(): boolean;
}

interface Unanswered {
  readonly batch: number;
  readonly items: readonly OutboxItem[];
}

/**
 * A connection between servers of two pools, the same at both ends: sends what waits for the other pool, a batch at a time,
 * and takes what the other sends. What the other has on two disks is settled here; whatever was not answered when the
 * connection ends is sent again on the next, and stored there once.
 */
export class ShareExchange {
  readonly #connection: Connection;
  readonly #ports: Ports;
  #batch = 0;
  #unanswered: Unanswered | null = null;
  /** What the other pool has on one disk so far. */
  readonly #once = new Map<number, Unanswered & { readonly answer: LinkMessageOf<'stored'> }>();
  #timer: Timer | null = null;
  #isEnded = false;
  #taking: Promise<unknown> = Promise.resolve();
  readonly #waiting = new Set<{ cancel(): void }>();

  constructor(connection: Connection, ports: Ports) {
    this.#connection = connection;
    this.#ports = ports;
    connection.onMessage((message, body) => this.#heard(message, body));
    this.pump();
  }

  ended(): void {
    this.#isEnded = true;
    this.#timer?.cancel();
    for (const waiter of this.#waiting) waiter.cancel();
  }

  /** Something may wait. */
  pump(): void {
    if (this.#isEnded || this.#unanswered !== null || !this.#ports.maySend()) return;
    this.#pumpIn(lookEveryMs);
    const { known, gone } = this.#next();
    if (gone.length > 0)
      void this.#settle(gone.map((one) => ({ ...settled(one), refused: 'it is not here any more' })));
    if (known.length === 0) return;
    this.#batch += 1;
    const items = known.map(({ content }) => content);
    this.#unanswered = { batch: this.#batch, items: known.map(({ item }) => item) };
    const sent = this.#connection.send(
      { type: 'share', batch: this.#batch, count: items.length },
      fold({ items }),
    );
    if (sent !== 'taken') this.#unanswered = null;
  }

  #pumpIn(ms: number): void {
    this.#timer?.cancel();
    if (!this.#isEnded) this.#timer = this.#ports.timers.after(ms, () => this.pump());
  }

  #next(): {
    readonly known: readonly { readonly item: OutboxItem; readonly content: SharedItem }[];
    readonly gone: readonly OutboxItem[];
  } {
    const known: { item: OutboxItem; content: SharedItem }[] = [];
    const gone: OutboxItem[] = [];
    let bytes = 0;
    const sent = new Set([...this.#once.values()].flatMap(({ items }) => items.map(keyOf)));
    for (const item of this.#ports.outbox(sharedItemsMax + sent.size)) {
      if (sent.has(keyOf(item))) continue;
      if (known.length >= sharedItemsMax) break;
      const content = this.#ports.itemOf(item);
      if (content === null) gone.push(item);
      else {
        bytes += JSON.stringify(content).length;
        if (known.length > 0 && bytes > batchBytesMax) break;
        known.push({ item, content });
      }
    }
    return { known, gone };
  }

  #heard(message: LinkMessage, body: Uint8Array): void {
    if (message.type === 'share') {
      // One after the other: an operation may follow on its message.
      this.#taking = this.#taking.then(() => this.#take(message, body));
    } else if (message.type === 'stored') this.#stored(message);
    else if (message.type === 'again') this.#again(message);
    else throw new WatchError('WK_DENIED', `a server of another pool does not say ${message.type}`);
  }

  /**
   * With one copy there, what is here is kept too until there are two, which the other end says then, or until too much of that
   * has come together: a pool that is at risk goes on.
   */
  #stored(message: LinkMessageOf<'stored'>): void {
    const { batch, copies, wanted } = message;
    const isFirstWord = this.#unanswered?.batch === batch;
    const sent = isFirstWord ? this.#unanswered : this.#once.get(batch);
    if (!sent) return;
    if (copies >= wanted) return this.#confirmed(sent, message);
    if (!isFirstWord) return;
    this.#once.set(batch, { ...sent, answer: message });
    const [oldest] = this.#once.values();
    if (this.#once.size > onceMax && oldest) return this.#confirmed(oldest, oldest.answer);
    this.#unanswered = null;
    this.pump();
  }

  #confirmed(sent: Unanswered, { refused = [] }: LinkMessageOf<'stored'>): void {
    const reasons = new Map(refused.map(({ index, text }) => [index, text]));
    const items = sent.items.map((item, at) => {
      const text = reasons.get(at);
      return {
        ...settled(item),
        ...(text !== undefined && { refused: text.slice(0, refusedCharsMax) || 'refused' }),
      };
    });
    void this.#settleAndGoOn(sent, items);
  }

  async #settleAndGoOn(sent: Unanswered, items: readonly SettledItem[]): Promise<void> {
    const isNoted = await this.#settle(items);
    this.#once.delete(sent.batch);
    const current = this.#unanswered?.batch ?? 0;
    if (current === sent.batch || this.#once.has(current)) this.#unanswered = null;
    // What could not be noted waits still: a disk that is full now is full in the next moment too.
    if (isNoted) this.pump();
    else this.#pumpIn(lookEveryMs);
  }

  #again({ batch, text, afterMs }: LinkMessageOf<'again'>): void {
    if (this.#unanswered?.batch !== batch) return;
    this.#ports.log.info('another pool asks to be told again', { pool: this.#ports.poolName, text });
    this.#timer?.cancel();
    this.#timer = this.#ports.timers.after(Math.min(afterMs, 60_000), () => {
      this.#unanswered = null;
      this.pump();
    });
  }

  async #settle(items: readonly SettledItem[]): Promise<boolean> {
    try {
      await this.#ports.settle(items);
      return true;
    } catch (error) {
      // It is sent once more, and known there.
      this.#ports.log.warn('what another pool has could not be noted', { error: textOf(error) });
      return false;
    }
  }

  async #take({ batch, count }: LinkMessageOf<'share'>, body: Uint8Array): Promise<void> {
    if (this.#isEnded) return;
    try {
      const parsed = sharedBatchSchema.safeParse(unfolded(body, outsideBounds));
      if (!parsed.success) throw new WatchError('WK_BAD_REQUEST', `share: ${issuesText(parsed.error)}`);
      if (parsed.data.items.length !== count)
        throw new WatchError(
          'WK_BAD_REQUEST',
          `share: ${parsed.data.items.length} items, and ${count} were told`,
        );
      this.#answer(batch, await this.#ports.take(parsed.data.items));
    } catch (error) {
      const code = codeOf(error);
      const text = textOf(error).slice(0, 1_024);
      if (errorTable[code].retry)
        this.#connection.send({ type: 'again', batch, code, text, afterMs: againAfterMs });
      else this.#connection.refuse(code, text);
    }
  }

  #answer(batch: number, { seq, refused }: Taken): void {
    const { copies } = this.#ports;
    let isSettled = false;
    // Null while `wait` runs: with a copy at hand it answers before it returns.
    let handle: { cancel(): void } | null = null;
    const forgotten = (): void => {
      isSettled = true;
      if (handle) this.#waiting.delete(handle);
    };
    const said = (count: number): void => {
      const { wanted } = copies;
      if (count >= wanted) forgotten();
      this.#connection.send({
        type: 'stored',
        batch,
        copies: count,
        wanted,
        ...(refused.length > 0 && { refused: [...refused] }),
      });
    };
    handle = copies.wait({ seq, copies: said, forgotten });
    if (this.#isEnded) handle.cancel();
    else if (!isSettled) this.#waiting.add(handle);
  }
}

function keyOf({ message, item }: OutboxItem): string {
  return `${message} ${item ?? ''}`;
}

function settled({ message, item }: OutboxItem): SettledItem {
  return { message, operation: item };
}
