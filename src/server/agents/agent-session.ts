import { encodeBody } from '../../journal/body.ts';
import type { Journal } from '../../journal/journal.ts';
import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessage } from '../../link/messages.ts';
import type { NodeDefinition } from '../../model/definitions.ts';
import type { EntryBody } from '../../model/entry.ts';
import { codeOf, errorTable, textOf, WatchError, type ErrorCode } from '../../model/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { Copies } from '../health/copies.ts';
import { readBatch, type RefusedMessage } from './read-batch.ts';

/** Batches of one agent that may be unanswered; told in the welcome, and held here against an agent that ignores it. */
export const windowBatches = 16;
const againAfterMs = 500;

interface Ports {
  readonly journal: Pick<Journal, 'append'>;
  readonly copies: Copies;
  /** What is to be stored in place of a batch: messages of other systems under their own names. */
  readonly split: (batch: EntryBody<'messages'>) => readonly EntryBody<'messages'>[];
  readonly random: Random;
  readonly log: Log;
  readonly durability: 'available' | 'strict';
  /** Counts for the metrics. */
  counted(what: 'batches' | 'messages' | 'refusedMessages' | 'again', count: number): void;
}

/**
 * One connected agent: takes its batches into the journal and says how many copies there are. What it sends must be
 * its own: the node in the body is the core ID in its certificate.
 */
export class AgentSession {
  readonly #connection: Pick<LinkConnection, 'send' | 'refuse'>;
  readonly #node: NodeDefinition;
  readonly #ports: Ports;
  readonly #waiting = new Set<{ cancel(): void }>();
  #storing = 0;

  constructor(connection: Pick<LinkConnection, 'send' | 'refuse'>, node: NodeDefinition, ports: Ports) {
    this.#connection = connection;
    this.#node = node;
    this.#ports = ports;
  }

  /** Nothing that the agent sent waits for being stored, or for its second copy. */
  get isIdle(): boolean {
    return this.#storing === 0 && this.#waiting.size === 0;
  }

  /** For `LinkConnection.onMessage`. Throws what refuses the agent. */
  take(message: LinkMessage, body: Uint8Array): void {
    if (message.type !== 'batch') {
      throw new WatchError('WK_FRAME', `an agent does not send ${message.type}`);
    }
    if (this.#storing >= windowBatches) {
      throw new WatchError('WK_OVERLOADED', `more than ${windowBatches} batches are unanswered`);
    }
    void this.#store(message.batch, body);
  }

  ended(): void {
    for (const waiter of this.#waiting) waiter.cancel();
    this.#waiting.clear();
  }

  async #store(batch: number, bytes: Uint8Array): Promise<void> {
    this.#storing += 1;
    try {
      const { body, value, refused } = this.#check(bytes);
      this.#mustBeSafe();
      if (value === null) return this.#stored(batch, this.#ports.copies.wanted, refused);
      const seq = await this.#append(body, value);
      this.#ports.counted('batches', 1);
      this.#ports.counted('messages', value.messages.length);
      this.#awaitCopies(batch, seq, refused);
    } catch (error) {
      this.#failed(batch, error);
    } finally {
      this.#storing -= 1;
    }
  }

  /** The last sequence number: who has that one has those before it. */
  async #append(body: Uint8Array, value: EntryBody<'messages'>): Promise<number> {
    const { journal, split } = this.#ports;
    const parts = split(value);
    const entries = parts.map((part) =>
      journal.append({ kind: 'messages', body: part === value ? body : encodeBody('messages', part) }, part),
    );
    return Math.max(...(await Promise.all(entries)).map(({ seq }) => seq));
  }

  /** The bytes as they are when every message in them is good, else new ones without the bad messages. */
  #check(bytes: Uint8Array): {
    body: Uint8Array;
    value: EntryBody<'messages'> | null;
    refused: readonly RefusedMessage[];
  } {
    const { refused, ...value } = readBatch(bytes);
    this.#mustBeOwn(value);
    if (refused.length === 0) return { body: bytes, value, refused };
    this.#ports.counted('refusedMessages', refused.length);
    if (value.messages.length === 0) return { body: bytes, value: null, refused };
    return { body: encodeBody('messages', value), value, refused };
  }

  /** What is refused afterwards is stored all the same, and again with every attempt: the journal would fill up. */
  #mustBeSafe(): void {
    const { copies, durability } = this.#ports;
    if (durability === 'strict' && copies.atRisk.is)
      throw new WatchError('WK_AT_RISK', copies.atRisk.because);
  }

  #mustBeOwn(body: { node: string; nodeName: string }): void {
    const { coreId, name } = this.#node;
    if (body.node === coreId && body.nodeName === name) return;
    throw new WatchError(
      'WK_DENIED',
      `the agent of node ${name} sent messages of node ${body.nodeName.slice(0, 63)} (${body.node}); an agent may only send its own`,
    );
  }

  #awaitCopies(batch: number, seq: number, refused: readonly RefusedMessage[]): void {
    const { copies } = this.#ports;
    let isSettled = false;
    // Null while `wait` runs: with a copy at hand it answers before it returns.
    let handle: { cancel(): void } | null = null;
    const forgotten = (): void => {
      isSettled = true;
      if (handle) this.#waiting.delete(handle);
    };
    const said = (count: 1 | 2): void => {
      if (count >= copies.wanted) forgotten();
      this.#say(batch, count, refused);
    };
    handle = copies.wait({ seq, copies: said, forgotten });
    if (!isSettled) this.#waiting.add(handle);
  }

  /** Called by whoever stored the copy, who is not to suffer from what is wrong with this agent. */
  #say(batch: number, count: 1 | 2, refused: readonly RefusedMessage[]): void {
    const { copies, durability } = this.#ports;
    try {
      if (count < copies.wanted && durability === 'strict') this.#again(batch, new WatchError('WK_AT_RISK'));
      else this.#stored(batch, count, refused);
    } catch (error) {
      this.#failed(batch, error);
    }
  }

  #stored(batch: number, copies: number, refused: readonly RefusedMessage[]): void {
    const { wanted } = this.#ports.copies;
    const said = refused.length > 0 ? { refused: [...refused] } : {};
    this.#connection.send({ type: 'stored', batch, copies, wanted, ...said });
  }

  #failed(batch: number, error: unknown): void {
    const code = codeOf(error);
    if (isForLater(code)) return this.#again(batch, error);
    this.#ports.log.warn('an agent was refused', { node: this.#node.name, code, error: textOf(error) });
    this.#connection.refuse(code, textOf(error));
  }

  #again(batch: number, error: unknown): void {
    const { random } = this.#ports;
    this.#ports.counted('again', 1);
    const afterMs = againAfterMs + random.int(againAfterMs);
    this.#connection.send({
      type: 'again',
      batch,
      code: codeOf(error),
      text: textOf(error).slice(0, 1_024),
      afterMs,
    });
  }
}

function isForLater(code: ErrorCode): boolean {
  return errorTable[code].retry;
}
