import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessage, LinkMessageOf } from '../../link/messages.ts';
import type { Timer } from '../../runtime/clock.ts';
import { every } from '../../runtime/timing.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Batch } from '../buffer/batch.ts';
import type { Lane } from '../buffer/lane.ts';
import type { Range } from '../buffer/store.ts';
import { decideSend, type SendDecision } from './decide-send.ts';

export interface SendingOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'log'>;
  readonly connection: LinkConnection;
  readonly lane: Lane;
  readonly windowBatches: number;
  /** The server takes nothing for too long; another one may. */
  readonly onStuck: (why: string) => void;
  /** The pool is reached elsewhere from now on. */
  readonly onServers: (message: LinkMessageOf<'servers'>) => void;
  /** Whom to believe from now on. */
  readonly onTrust: (message: LinkMessageOf<'trust'>) => void;
  /** The server has stored everything and sends us back to the primary. */
  readonly onGoBack: (message: LinkMessageOf<'goBack'>) => void;
  /** What the node is to watch from now on. */
  readonly onPolicies: (message: LinkMessageOf<'policies'>, body: Uint8Array) => void;
  /** Everything that has nothing to do with messages on their way. */
  readonly onOther: (message: LinkMessage, body: Uint8Array) => void;
}

interface Sent {
  readonly batch: Batch;
  readonly sentAtMs: number;
}

/** What the server said last when it did not take a batch. */
export interface Objection {
  readonly code: string;
  readonly text: string;
}

/** An answer may take this long while the connection itself is alive; refusing for longer than that is no help either. */
const answerMsMax = 30_000;
const refusingMsMax = 15_000;
const checkEveryMs = 5_000;
/** Batches remembered until their second copy; the oldest beyond are sent again later instead. */
const awaitingMax = 10_000;

/** Moves batches from a lane of the buffer over one open connection and takes the answers. */
export class Sending {
  readonly #options: SendingOptions;
  readonly #unanswered = new Map<number, Sent>();
  readonly #awaiting = new Map<number, Range & { readonly generation: number }>();
  #batches = 0;
  #unsentSinceMs: number | null = null;
  #pausedUntilMs = 0;
  #refusingSinceMs: number | null = null;
  #objection: Objection | null = null;
  #full = false;
  #stopped = false;
  #timer: Timer | null = null;
  readonly #checks: Timer;

  constructor(options: SendingOptions) {
    this.#options = options;
    options.connection.onMessage((message, body) => this.#receive(message, body));
    this.#checks = every(options.runtime.timers, checkEveryMs, () => this.#check());
  }

  get unanswered(): number {
    return this.#unanswered.size;
  }

  get awaitingSecond(): number {
    return this.#awaiting.size;
  }

  /** Null while the server takes what we send. */
  get objection(): Objection | null {
    return this.#objection;
  }

  /** Sends what may be sent now; called when messages were appended and after each answer. */
  pump(): void {
    while (!this.#stopped && !this.#full) {
      const nowMs = this.#options.runtime.clock.monotonicMs();
      const decision = this.#decide(nowMs);
      if (decision.do === 'wait') return this.#waitUntil(decision.untilMs, nowMs);
      const { lane } = this.#options;
      const batch = decision.do === 'send' ? lane.take() : lane.takeOnce();
      // What is new was for another pool; there may be something to send once more.
      if (!batch && decision.do === 'send' && lane.unsentCount === 0) continue;
      if (!batch) return;
      this.#unsentSinceMs = null;
      this.#send(batch, nowMs);
    }
  }

  /** The connection is over or about to be: what has no answer goes back to the buffer. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.cancel();
    this.#checks.cancel();
    this.#options.lane.giveBack([...this.#unanswered.values()].map(({ batch }) => batch));
    this.#unanswered.clear();
    this.#awaiting.clear();
  }

  #decide(nowMs: number): SendDecision {
    const { unsentCount } = this.#options.lane;
    if (unsentCount === 0) this.#unsentSinceMs = null;
    else this.#unsentSinceMs ??= nowMs;
    return decideSend(
      {
        unanswered: this.#unanswered.size,
        windowBatches: this.#options.windowBatches,
        unsentCount,
        unsentSinceMs: this.#unsentSinceMs ?? nowMs,
        pausedUntilMs: this.#pausedUntilMs,
        awaitingSecond: this.#awaiting.size,
      },
      nowMs,
    );
  }

  #waitUntil(untilMs: number | null, nowMs: number): void {
    this.#timer?.cancel();
    this.#timer =
      untilMs === null ? null : this.#options.runtime.timers.after(untilMs - nowMs, () => this.pump());
  }

  #send(batch: Batch, nowMs: number): void {
    const { connection, lane } = this.#options;
    const number = this.#batches;
    const said = connection.send({ type: 'batch', batch: number, count: batch.seqs.length }, batch.body);
    if (said === 'taken') {
      this.#batches += 1;
      this.#unanswered.set(number, { batch, sentAtMs: nowMs });
      return;
    }
    lane.giveBack([batch]);
    this.#full = true;
    // A closed connection stays full for good: whoever owns it stops us.
    if (said === 'full') void this.#afterRoom();
  }

  async #afterRoom(): Promise<void> {
    if (!(await this.#options.connection.room())) return;
    this.#full = false;
    this.pump();
  }

  #receive(message: LinkMessage, body: Uint8Array): void {
    if (this.#stopped) return;
    if (message.type === 'stored') this.#stored(message);
    else if (message.type === 'again') this.#again(message);
    else if (message.type === 'goBack') this.#options.onGoBack(message);
    else if (message.type === 'servers') this.#options.onServers(message);
    else if (message.type === 'trust') this.#options.onTrust(message);
    else if (message.type === 'policies') this.#options.onPolicies(message, body);
    else return this.#options.onOther(message, body);
    this.pump();
  }

  #stored({ batch: number, copies, wanted, refused = [] }: LinkMessageOf<'stored'>): void {
    const { lane, runtime } = this.#options;
    const sent = this.#unanswered.get(number);
    if (!sent) return this.#storedSecond(number, copies >= wanted);
    this.#unanswered.delete(number);
    this.#refusingSinceMs = null;
    this.#objection = null;
    lane.settle(
      sent.batch,
      copies,
      wanted,
      refused.map(({ index }) => index),
    );
    if (refused.length > 0)
      runtime.log.warn('the pool refused messages', {
        count: refused.length,
        first: refused[0]?.text,
      });
    if (copies < wanted) this.#await(number, sent.batch);
  }

  #await(number: number, { from, to, generation }: Batch): void {
    this.#awaiting.set(number, { from, to, generation });
    if (this.#awaiting.size <= awaitingMax) return;
    const [oldest] = this.#awaiting.keys();
    if (oldest !== undefined) this.#awaiting.delete(oldest);
  }

  #storedSecond(number: number, enough: boolean): void {
    const range = this.#awaiting.get(number);
    if (!range || !enough) return;
    this.#awaiting.delete(number);
    this.#options.lane.settleSecond(range);
  }

  #again({ batch: number, code, text, afterMs }: LinkMessageOf<'again'>): void {
    const sent = this.#unanswered.get(number);
    if (!sent) return;
    const { lane, runtime } = this.#options;
    const nowMs = runtime.clock.monotonicMs();
    this.#unanswered.delete(number);
    lane.giveBack([sent.batch]);
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + Math.max(afterMs, 10));
    this.#refusingSinceMs ??= nowMs;
    if (this.#objection?.code !== code)
      runtime.log.warn('the server does not take messages now', { code, text });
    this.#objection = { code, text };
  }

  /** An answer that does not come, or is always no, is as bad as a lost connection. */
  #check(): void {
    const nowMs = this.#options.runtime.clock.monotonicMs();
    if (this.#refusingSinceMs !== null && nowMs - this.#refusingSinceMs > refusingMsMax)
      return this.#options.onStuck(`it refuses messages: ${this.#objection?.text ?? 'without a reason'}`);
    const [oldest] = this.#unanswered.values();
    if (oldest && nowMs - oldest.sentAtMs > answerMsMax)
      return this.#options.onStuck(`it has not answered a batch for ${answerMsMax} ms`);
    // Nothing may be forgotten because an event was missed: asking once more costs little.
    this.pump();
  }
}
