import type { CallOptions } from '@connectrpc/connect';
import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import type { Clock, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Credentials } from '../../runtime/network.ts';
import { sleep } from '../../runtime/timing.ts';
import { explained, failureOf } from './call-failure.ts';
import { doubtsAbout } from './etcd-version.ts';
import { connectMember, type Member } from './member.ts';

export interface MembersOptions {
  readonly endpoints: readonly string[];
  readonly credentials?: Credentials | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** A call has answered or failed after this long, whatever was tried meanwhile. */
  readonly callMs: number;
  /** A member did not answer and was left. */
  readonly onLeft?: () => void;
}

type Run<T> = (member: Member, options: CallOptions) => Promise<T>;

/** A member that knows no leader answers so at once, instead of keeping the call until it would time out. */
const headers = { hasleader: 'true' };

/** Before the same members are asked again, in the middle of an election for example. */
const roundMs = 40;

/** While something is watched and nothing else was heard for this long, the member is asked whether it still lives. */
const quietMs = 1_000;

/**
 * The members of one etcd. One of them is asked until a call to it fails; then it is left, with the watches on it, for
 * the next one.
 */
export class Members {
  readonly #options: MembersOptions;
  #members: readonly Member[];
  #credentials: Credentials | undefined;
  readonly #log: Log;
  /** What is under way at the current member, to be ended when the member is left or everything closed. */
  readonly #streams = new Set<AbortController>();
  readonly #calls = new Set<AbortController>();
  readonly #greeted = new Set<Member>();
  #at = 0;
  #heardMs = 0;
  #answers = true;
  #closed = false;

  constructor(options: MembersOptions) {
    this.#options = options;
    this.#credentials = options.credentials;
    this.#members = options.endpoints.map((endpoint) => connectMember(endpoint, options.credentials));
    this.#log = options.log;
  }

  /** `http://HOST:PORT` or `https://HOST:PORT`, in the order in which they are asked. */
  get endpoints(): readonly string[] {
    return this.#members.map(({ endpoint }) => endpoint);
  }

  /** From now on these. Connections to those that stay are kept; what was under way at another one is cut off. */
  replace(endpoints: readonly string[]): void {
    if (this.#closed || endpoints.length === 0) return;
    const before = this.#members;
    const current = this.#current();
    this.#members = endpoints.map(
      (endpoint) =>
        before.find((member) => member.endpoint === endpoint) ?? connectMember(endpoint, this.#credentials),
    );
    this.#at = Math.max(0, this.#members.indexOf(current));
    for (const member of before) if (!this.#members.includes(member)) member.close();
    if (!this.#members.includes(current)) for (const stream of this.#streams) stream.abort();
  }

  /** From now on who we are is said with these, on new connections; what is under way at the old ones may end first. */
  renew(credentials: Credentials): void {
    if (this.#closed) return;
    const before = this.#members;
    this.#credentials = credentials;
    this.#members = before.map(({ endpoint }) => connectMember(endpoint, credentials));
    for (const stream of this.#streams) stream.abort();
    this.#options.timers.after(this.#options.callMs, () => before.forEach((member) => member.close()));
  }

  /** Asks the current member once, within `limitMs`. Errors: what it or the connection said. */
  async once<T>(run: Run<T>, limitMs: number): Promise<T> {
    if (this.#closed) throw this.away('it was closed');
    return await this.#attempt(this.#current(), run, limitMs);
  }

  /** Asks all of them at once; what is not answered in time is left out. */
  async each<T>(run: Run<T>): Promise<T[]> {
    if (this.#closed) throw this.away('it was closed');
    const asked = this.#members.map((member) => this.#attempt(member, run, this.#options.callMs));
    const answers = await Promise.allSettled(asked);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Asks the current member, then others while time is left. A call that is not `repeatable` goes on to another member
   * only if the last one cannot have carried it out. Errors: WK_COORDINATOR_AWAY.
   */
  async call<T>(run: Run<T>, { repeatable }: { readonly repeatable: boolean }): Promise<T> {
    const endMs = this.#options.clock.monotonicMs() + this.#options.callMs;
    let why: unknown = null;
    for (let attempt = 1; ; attempt++) {
      if (this.#closed) throw this.away('it was closed');
      const member = this.#current();
      const leftMs = endMs - this.#options.clock.monotonicMs();
      try {
        // A first member that says nothing leaves half of the time to the second.
        const share = repeatable && attempt === 1 && this.#members.length > 1 ? leftMs / 2 : leftMs;
        return await this.#attempt(member, run, Math.max(1, share));
      } catch (error) {
        const failure = failureOf(error);
        if (failure !== 'refused') this.#leave(member, error);
        // What a member said tells more than that the time for the last attempt was short.
        if (why === null || codeOf(error) !== 'WK_TIMEOUT') why = error;
        const again = failure === 'not done' || (failure === 'unknown' && repeatable);
        const pauseMs = attempt % this.#members.length === 0 ? roundMs : 0;
        if (!again || this.#options.clock.monotonicMs() + pauseMs >= endMs) throw this.away(textOf(why), why);
        if (pauseMs > 0) await sleep(this.#options.timers, pauseMs);
      }
    }
  }

  /** What one stream on the current member brings, until it ends for whatever reason, `signal` included. */
  async *stream<T>(
    open: (member: Member, options: CallOptions) => AsyncIterable<T>,
    signal: AbortSignal,
  ): AsyncGenerator<T> {
    if (this.#closed || signal.aborted) return;
    const member = this.#current();
    const stop = new AbortController();
    const forward = (): void => stop.abort();
    signal.addEventListener('abort', forward);
    this.#streams.add(stop);
    try {
      for await (const message of open(member, { headers, signal: stop.signal })) {
        this.#heard(member);
        yield message;
      }
    } catch (error) {
      if (!stop.signal.aborted) this.#leave(member, error);
    } finally {
      signal.removeEventListener('abort', forward);
      this.#streams.delete(stop);
      stop.abort();
    }
  }

  /**
   * To be called now and then. A member that was stopped, or is cut off, keeps its connections open and says nothing: a
   * watch alone would not notice for as long as pings take.
   */
  async probe(): Promise<void> {
    const { clock, callMs, log } = this.#options;
    if (this.#closed || this.#streams.size === 0 || clock.monotonicMs() - this.#heardMs < quietMs) return;
    const member = this.#current();
    try {
      await this.#attempt(
        member,
        (at, options) => at.kv.range({ key: new Uint8Array([0]) }, options),
        callMs,
      );
    } catch (error) {
      log.debug('etcd does not answer a probe', { endpoint: member.endpoint, because: textOf(error) });
      if (failureOf(error) !== 'refused') this.#leave(member, error);
    }
  }

  close(): void {
    this.#closed = true;
    for (const stop of [...this.#streams, ...this.#calls]) stop.abort();
    for (const member of this.#members) member.close();
  }

  away(why: string, cause?: unknown): WatchError {
    const where = this.endpoints.join(', ');
    return new WatchError(
      'WK_COORDINATOR_AWAY',
      `the coordinator at ${where} does not answer: ${explained(why)}`,
      {
        cause,
      },
    );
  }

  #current(): Member {
    const member = this.#members[this.#at];
    if (member === undefined) throw new WatchError('WK_CONFIG', 'etcd needs at least one endpoint');
    return member;
  }

  /** Ends in time also where the library under it would not. */
  async #attempt<T>(member: Member, run: Run<T>, limitMs: number): Promise<T> {
    const stop = new AbortController();
    const stopped = Promise.withResolvers<never>();
    this.#calls.add(stop);
    const end = (why: string): void => {
      stopped.reject(new WatchError('WK_TIMEOUT', `${member.endpoint}: ${why}`));
      stop.abort();
    };
    stop.signal.addEventListener('abort', () => end('closed'));
    const timer = this.#options.timers.after(limitMs, () => end(`no answer within ${Math.ceil(limitMs)} ms`));
    try {
      // The time-out goes along, so that the member gives up too; ours comes first.
      const options = { headers, signal: stop.signal, timeoutMs: Math.ceil(limitMs) + 10 };
      const answer = await Promise.race([run(member, options), stopped.promise]);
      this.#heard(member);
      return answer;
    } finally {
      timer.cancel();
      this.#calls.delete(stop);
    }
  }

  #heard(member: Member): void {
    if (this.#closed) return;
    this.#heardMs = this.#options.clock.monotonicMs();
    if (!this.#answers) this.#log.info('etcd answers again', { endpoint: member.endpoint });
    this.#answers = true;
    if (this.#greeted.has(member)) return;
    this.#greeted.add(member);
    void this.#greet(member);
  }

  async #greet(member: Member): Promise<void> {
    const { endpoint } = member;
    try {
      const ask: Run<{ version: string }> = (at, options) => at.maintenance.status({}, options);
      const { version } = await this.#attempt(member, ask, this.#options.callMs);
      this.#log.info('the coordinator is etcd', { endpoint, version });
      const doubts = doubtsAbout(version);
      if (doubts !== null) this.#log.warn(doubts, { endpoint });
    } catch (error) {
      // Asked again at the next answer, unless it will not say.
      if (failureOf(error) !== 'refused') this.#greeted.delete(member);
      if (!this.#closed)
        this.#log.debug('etcd did not tell its version', { endpoint, because: textOf(error) });
    }
  }

  #leave(member: Member, error: unknown): void {
    if (this.#closed || member !== this.#current()) return;
    this.#at = (this.#at + 1) % this.#members.length;
    if (this.#answers)
      this.#log.warn('etcd does not answer; asking its next member', {
        endpoint: member.endpoint,
        next: this.#current().endpoint,
        because: textOf(error),
      });
    this.#answers = false;
    for (const stream of this.#streams) stream.abort();
    this.#options.onLeft?.();
  }
}
