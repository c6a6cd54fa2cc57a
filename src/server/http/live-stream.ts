import type { LiveEvent } from '../../model/api.ts';
import { textOf } from '../../model/errors.ts';
import type { Positions } from '../../model/origin.ts';
import type { Scope } from '../../model/rights.ts';
import type { Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { every } from '../../runtime/timing.ts';
import { encodePositions } from './positions-id.ts';
import type { Changes, ServerView } from './view.ts';

/** Commits within this time share one event, so that a storm costs a reader 20 events a second and no more. */
export const gatherMs = 50;
export const heartbeatEveryMs = 15_000;
/** A reader whose session has ended is gone within this time, also while nothing happens. */
export const lookEveryMs = 2_000;
/** A reader that has taken nothing of what lies in its socket for this long is too slow. */
export const slowAfterMs = 30_000;
export const batchMessagesMax = 500;

/** The little of a ServerResponse that a stream needs. */
export interface EventSink {
  /** False when what was written waits in memory; `drain` follows. */
  write(text: string): boolean;
  end(): void;
  destroy(): void;
  on(event: 'drain' | 'close', handler: () => void): unknown;
}

export interface LiveStreamOptions {
  readonly view: Pick<ServerView, 'positions' | 'changesSince' | 'onCommit'>;
  readonly timers: Timers;
  readonly log: Log;
  readonly response: EventSink;
  /** Whether the reader knows of events of actions; older ones do not. */
  readonly withActions: boolean;
  /** Null when the place asked for could not be read: begins with `reset`. */
  readonly since: Positions | null;
  /** What the reader may see now; throws once it may no longer read (its session ended, its token was revoked). */
  scope(): Scope;
}

/**
 * One reader of live changes. Modes: idle (everything was sent), gathering (a commit happened, a timer runs), reading
 * (the view is being asked), blocked (the socket is full), ended.
 *
 * Nothing queues here: a reader has a place in the journal and is given the next batch from there only when its
 * socket has taken the last one. So however many readers stall, each holds one batch in memory, and a stall that
 * lasts ends in `reset` and the end of the stream.
 */
export class LiveStream {
  readonly #options: LiveStreamOptions;
  #mode: 'idle' | 'gathering' | 'reading' | 'blocked' | 'ended' = 'idle';
  #place: Positions;
  /** A commit came while reading or blocked. */
  #again = false;
  #slow: Timer | null = null;
  #gathering: Timer | null = null;
  #heartbeat: Timer | null = null;
  #look: Timer | null = null;
  #commits: { close(): void } | null = null;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
    this.#place = options.since ?? options.view.positions();
  }

  start(): void {
    const { view, timers, response, since } = this.#options;
    response.on('close', () => this.#stop());
    response.on('drain', () => this.#drained());
    this.#commits = view.onCommit(() => this.#committed());
    this.#heartbeat = every(timers, heartbeatEveryMs, () => this.#beat());
    this.#look = every(timers, lookEveryMs, () => void this.#scope());
    response.write('retry: 1000\n');
    if (since === null) this.#send({ type: 'reset' });
    else this.#send({ type: 'messages', messages: [] });
    this.#committed();
  }

  end(): void {
    if (this.#mode === 'ended') return;
    this.#stop();
    const { response, timers } = this.#options;
    response.end();
    // A reader that takes nothing any more would keep its place for as long as it likes.
    timers.after(1_000, () => response.destroy());
  }

  #stop(): void {
    this.#mode = 'ended';
    this.#commits?.close();
    for (const timer of [this.#slow, this.#gathering, this.#heartbeat, this.#look]) timer?.cancel();
  }

  #committed(): void {
    if (this.#mode === 'reading' || this.#mode === 'blocked') this.#again = true;
    if (this.#mode !== 'idle') return;
    this.#mode = 'gathering';
    this.#gathering = this.#options.timers.after(gatherMs, () => void this.#read());
  }

  async #read(): Promise<void> {
    this.#mode = 'reading';
    this.#again = false;
    try {
      const scope = this.#scope();
      if (scope === undefined) return;
      const changes = await this.#options.view.changesSince(this.#place, batchMessagesMax, scope);
      if (this.#isEnded()) return;
      this.#mode = 'idle';
      if (changes === 'trimmed') this.#reset();
      else this.#advance(changes);
    } catch (error) {
      this.#options.log.error('a live stream ended', { error: textOf(error) });
      this.end();
    }
  }

  #reset(): void {
    this.#place = this.#options.view.positions();
    this.#send({ type: 'reset' });
    this.#next();
  }

  #advance({ positions, messages, actions, output }: Changes): void {
    const moved = !samePositions(positions, this.#place);
    const hasActions = this.#options.withActions && actions.length + output.length > 0;
    // Until all of it was written the place is the one before: read twice is harmless, passed over is not.
    const isTwo = hasActions && messages.length > 0;
    if (isTwo) this.#send({ type: 'messages', messages: [...messages] });
    this.#place = positions;
    if (hasActions) this.#send({ type: 'actions', actions: [...actions], output: [...output] });
    else if (messages.length > 0) this.#send({ type: 'messages', messages: [...messages] });
    // A batch that moved us may not have been the last one; one that did not, was.
    if (moved) this.#again = true;
    this.#next();
  }

  #next(): void {
    if (this.#again && this.#mode === 'idle') this.#committed();
  }

  #send(event: LiveEvent): void {
    const id = encodePositions(this.#place);
    const taken = this.#options.response.write(
      `${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(event)}\n\n`,
    );
    if (!taken) this.#block();
  }

  #block(): void {
    if (this.#mode === 'ended') return;
    this.#mode = 'blocked';
    this.#slow ??= this.#options.timers.after(slowAfterMs, () => this.#tooSlow());
  }

  #drained(): void {
    if (this.#mode !== 'blocked') return;
    this.#slow?.cancel();
    this.#slow = null;
    this.#mode = 'idle';
    this.#committed();
  }

  /** What it has not read is lost to it anyhow; the last thing it can still find in its socket is `reset`. */
  #tooSlow(): void {
    this.#options.response.write(`data: ${JSON.stringify({ type: 'reset' } satisfies LiveEvent)}\n\n`);
    this.end();
  }

  /** Undefined when the stream was ended. */
  #scope(): Scope | undefined {
    try {
      return this.#options.scope();
    } catch (error) {
      this.#options.log.info('a live stream was ended', { because: textOf(error) });
      this.end();
      return undefined;
    }
  }

  #beat(): void {
    // In every other mode something is on its way, or the socket is full already.
    if (this.#mode === 'idle' && !this.#options.response.write(': still here\n\n')) this.#block();
  }

  #isEnded(): boolean {
    return this.#mode === 'ended';
  }
}

function samePositions(a: Positions, b: Positions): boolean {
  const origins = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...origins].every((origin) => (a[origin] ?? 0) === (b[origin] ?? 0));
}
