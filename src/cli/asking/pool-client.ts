import type { z } from 'zod';
import { errorAnswerSchema, liveEventSchema, type LiveEvent } from '../../model/api.ts';
import { codeOf, errorTable, isErrorCode, textOf, WatchError } from '../../model/errors.ts';
import { commandPermission } from '../../model/command-permissions.ts';
import { invariant } from '../../model/invariant.ts';
import { parseJson } from '../../model/parse-json.ts';
import { routeOf } from '../../model/permissions.ts';
import type { Credentials, HttpAnswer, HttpCall } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';
import { EventParser } from './event-parser.ts';

/** How to reach a pool, and as whom. */
export interface Target {
  /** `https://HOST:PORT`, tried in this order. */
  readonly servers: readonly string[];
  readonly trust: HttpCall['trust'];
  readonly credentials: Credentials | null;
  readonly token: string | null;
  /** For everything that one question needs, all servers together. */
  readonly timeoutMs: number;
}

export interface Question {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** From the root, `/api/v1/…`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** In place of `body`: sent as they are. */
  readonly bytes?: Uint8Array;
  /** Asking twice does harm: goes to the next server only when the first was not reached at all. */
  readonly once?: boolean;
}

type Ports = Pick<Runtime, 'network' | 'clock' | 'timers' | 'random'>;

/** Servers say something at least every 15 s on a live stream. */
const silentMsMax = 45_000;
const pauseMsMax = 5_000;

/** Asks the servers of a pool, in order, until one answers; the one that did is asked first from then on. */
export class PoolClient {
  readonly #ports: Ports;
  readonly #target: Target;
  readonly #command: string | null;
  #first = 0;

  /** `command`: whose row in the table of commands says what may be asked. */
  constructor(ports: Ports, target: Target, command: string | null) {
    this.#ports = ports;
    this.#target = target;
    this.#command = command;
  }

  /** The server that answered last; the first one before that. */
  get server(): string {
    return this.#target.servers[this.#first] ?? '';
  }

  /** The answer as it came, checked. Errors: what the server said, WK_UNREACHABLE, WK_TIMEOUT. */
  async ask<Schema extends z.ZodType>(question: Question, schema: Schema): Promise<z.output<Schema>> {
    const { answer, url } = await this.#try(question, (call) => this.#ports.network.call(call), throwError);
    const parsed = schema.safeParse(parseJson(answer.body));
    if (parsed.success) return parsed.data;
    throw new WatchError(
      'WK_PROTOCOL',
      `${url} gave an answer that this version does not understand; upgrade the older one`,
    );
  }

  /** An answer that is no text. Errors: the same. */
  async bytes(question: Question): Promise<Uint8Array> {
    const { answer, url } = await this.#try(question, (call) => this.#ports.network.call(call), throwError);
    if (answer.bytes !== undefined) return answer.bytes;
    throw new WatchError('WK_PROTOCOL', `${url} answered ${question.path} with something else than a file`);
  }

  /**
   * Live events, for ever: a connection that breaks is made again, to any server, from the place last told. `onGap` is
   * told about each break. Ends when `signal` aborts; rejects when no server can be reached at the beginning.
   */
  async *follow(
    signal: AbortSignal,
    onGap: (why: string) => void,
    query: { readonly actions?: 'true' } = {},
  ): AsyncGenerator<LiveEvent> {
    let since: string | undefined;
    for (let failures = 0; !signal.aborted;) {
      try {
        for await (const { id, event } of this.#connection({ ...query, since }, signal)) {
          since = id ?? undefined;
          failures = 0;
          yield event;
        }
        if (!signal.aborted) onGap('the live connection ended');
      } catch (error) {
        if (signal.aborted) return;
        if (since === undefined || !errorTable[codeOf(error)].retry) throw error;
        onGap(textOf(error));
      }
      const ceilingMs = Math.min(pauseMsMax, 250 * 2 ** Math.min(failures++, 10));
      await sleep(this.#ports.timers, 100 + this.#ports.random.int(ceilingMs), signal);
    }
  }

  async *#connection(
    query: Question['query'],
    signal: AbortSignal,
  ): AsyncGenerator<{ id: string | null; event: LiveEvent }> {
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    signal.addEventListener('abort', abort, { once: true });
    let watchdog = this.#ports.timers.after(silentMsMax, abort);
    try {
      const { answer } = await this.#try(
        { path: '/api/v1/events', ...(query && { query }) },
        async (call) => this.#ports.network.stream({ ...call, signal: stop.signal }),
        throwStreamError,
      );
      const parser = new EventParser();
      for await (const line of answer.lines) {
        watchdog.cancel();
        watchdog = this.#ports.timers.after(silentMsMax, abort);
        const wire = parser.take(line);
        if (wire !== null) yield { id: wire.id, event: liveEventSchema.parse(parseJson(wire.data)) };
      }
    } finally {
      watchdog.cancel();
      signal.removeEventListener('abort', abort);
      stop.abort();
    }
  }

  /** The first server's answer that is no sign of that server's own trouble. */
  async #try<Answer>(
    question: Question,
    send: (call: HttpCall) => Promise<Answer>,
    check: (answer: Answer, url: string) => void | Promise<void>,
  ): Promise<{ answer: Answer; url: string }> {
    assertInRow(this.#command, question);
    const { servers, timeoutMs } = this.#target;
    const deadlineMs = this.#ports.clock.monotonicMs() + timeoutMs;
    const faults: WatchError[] = [];
    for (let tried = 0; tried < servers.length; tried++) {
      const at = (this.#first + tried) % servers.length;
      const url = servers[at] ?? '';
      const leftMs = deadlineMs - this.#ports.clock.monotonicMs();
      if (leftMs <= 0) break;
      try {
        const answer = await send(this.#call(question, url, leftMs / (servers.length - tried)));
        await check(answer, url);
        this.#first = at;
        return { answer, url };
      } catch (error) {
        if (!mayTryNext(error, question)) throw error;
        faults.push(error);
      }
    }
    throw summary(faults, servers);
  }

  #call(question: Question, url: string, timeoutMs: number): HttpCall {
    const { trust, credentials, token } = this.#target;
    const { method = 'GET', body, bytes } = question;
    return {
      url: urlOf(url, question),
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(bytes === undefined ? {} : { 'content-type': 'application/octet-stream' }),
      },
      timeoutMs: Math.ceil(timeoutMs),
      trust,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(bytes === undefined ? {} : { bytes }),
      ...(credentials === null ? {} : { credentials }),
    };
  }
}

/** A command that asks more than its row says would make the table a lie. */
function assertInRow(command: string | null, { method = 'GET', path }: Question): void {
  if (command === null) return;
  const route = routeOf(method, path);
  const asks = commandPermission(command)?.asks ?? [];
  invariant(
    route !== null && asks.includes(route),
    `${command} has no row in the table of commands that lets it ask ${method} ${path}`,
  );
}

function urlOf(server: string, { path, query = {} }: Question): string {
  const url = new URL(path, server);
  for (const [name, value] of Object.entries(query))
    for (const one of [value ?? []].flat()) url.searchParams.append(name, String(one));
  return url.href;
}

function mayTryNext(error: unknown, question: Question): error is WatchError {
  if (!(error instanceof WatchError)) return false;
  if (question.once === true) return error.code === 'WK_UNREACHABLE';
  return errorTable[error.code].retry;
}

function summary(faults: readonly WatchError[], servers: readonly string[]): WatchError {
  const [first] = faults;
  if (first === undefined)
    return new WatchError('WK_TIMEOUT', `no answer in time from ${servers.join(', ')}`);
  if (faults.length === 1) return first;
  // Out of time says less than anything else that a server said.
  const worst = faults.find(({ code }) => code !== 'WK_TIMEOUT') ?? first;
  const code = faults.every(({ code }) => code === worst.code) ? worst.code : 'WK_UNREACHABLE';
  return new WatchError(code, `none of ${servers.length} servers could answer; ${textOf(worst)}`);
}

function throwError(answer: HttpAnswer, url: string): void {
  if (answer.status >= 200 && answer.status < 300) return;
  const parsed = errorAnswerSchema.safeParse(parseJson(answer.body));
  if (!parsed.success || !isErrorCode(parsed.data.error.code))
    throw new WatchError(
      'WK_PROTOCOL',
      `${url} answered HTTP ${answer.status}, which is not an answer of ours; is it the right address?`,
    );
  throw new WatchError(parsed.data.error.code, parsed.data.error.text);
}

/** An error of a stream has a body of lines. */
async function throwStreamError(
  answer: { readonly status: number; readonly lines: AsyncIterable<string> },
  url: string,
): Promise<void> {
  if (answer.status === 200) return;
  const lines: string[] = [];
  for await (const line of answer.lines) if (lines.push(line) > 100) break;
  throwError({ status: answer.status, headers: {}, body: lines.join('\n') }, url);
}
