import {
  operationAnswerSchema,
  type OperationAnswer,
  type OperationRequest,
} from '../../../src/model/api.ts';
import { codeOf, errorTable, textOf } from '../../../src/model/errors.ts';
import type { OperationKind } from '../../../src/model/operation.ts';
import { tell } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { readSaved, save } from '../browser/saved.ts';
import { Store } from '../browser/store.ts';
import { live } from '../live/live-stream.ts';

/**
 * Something that was asked to be done to messages, told truthfully. Modes: sending; done (with a result per message);
 * refused; unknown (no answer came: it may have been done or not).
 * unknown -> sending by itself once the pool is there again. The key makes repeating safe: the same request does nothing
 * twice, on whichever server it arrives.
 */
export interface Undertaking {
  /** Also the request's idempotency key. */
  readonly key: string;
  readonly kind: OperationKind;
  readonly messages: readonly string[];
  readonly text: string | null;
  readonly atMs: number;
  readonly mode: 'sending' | 'done' | 'refused' | 'unknown';
  readonly attempts: number;
  readonly copies: number | null;
  /** Of messages that it was not done to, with the reason. */
  readonly failures: readonly { readonly message: string; readonly because: string }[];
  /** Why it was refused, or why its outcome is unknown. */
  readonly because: string | null;
}

/** What the API takes at once. */
export const messagesMax = 1_000;
const keptMax = 20;
const savedKey = 'undertakings';

export const undertakings = new Store<readonly Undertaking[]>(readUnfinished());

/** Does it to up to any number of messages, in requests of at most a thousand. */
export async function undertake(
  kind: OperationKind,
  messages: readonly string[],
  text: string | null = null,
): Promise<readonly Undertaking[]> {
  const parts: string[][] = [];
  for (let at = 0; at < messages.length; at += messagesMax) parts.push(messages.slice(at, at + messagesMax));
  const made = parts.map((part): Undertaking => ({
    key: door.uuid(),
    kind,
    messages: part,
    text,
    atMs: door.nowMs(),
    mode: 'sending',
    attempts: 0,
    copies: null,
    failures: [],
    because: null,
  }));
  keep([...undertakings.get(), ...made]);
  return Promise.all(made.map(({ key }) => send(key)));
}

/** Asks again for what is unknown, with the same key. */
export async function repeat(key: string): Promise<void> {
  if (find(key)?.mode === 'unknown') await send(key);
}

export function dismiss(key: string): void {
  keep(undertakings.get().filter((one) => one.key !== key));
}

/** Messages that something is being done to, or may have been. */
export function pendingMessages(all: readonly Undertaking[]): ReadonlyMap<string, 'sending' | 'unknown'> {
  const pending = new Map<string, 'sending' | 'unknown'>();
  for (const { mode, messages } of all)
    if (mode === 'sending' || mode === 'unknown') for (const id of messages) pending.set(id, mode);
  return pending;
}

async function send(key: string): Promise<Undertaking> {
  const before = change(key, (one) => ({
    ...one,
    mode: 'sending',
    attempts: one.attempts + 1,
    because: null,
  }));
  const request: OperationRequest = {
    kind: before.kind,
    messages: [...before.messages],
    idempotencyKey: key,
    ...(before.text !== null && { text: before.text }),
  };
  try {
    const answer = await tell('/api/v1/operations', request, operationAnswerSchema, { timeoutMs: 10_000 });
    return change(key, (one) => ({ ...one, mode: 'done', ...outcomeOf(answer) }));
  } catch (error) {
    // Signing in again, or a server that can answer, lets it be repeated; anything else was refused for good.
    const code = codeOf(error);
    const mayCome = errorTable[code].retry || code === 'WK_UNAUTHENTICATED';
    return change(key, (one) => ({ ...one, mode: mayCome ? 'unknown' : 'refused', because: textOf(error) }));
  }
}

function outcomeOf({ results, copies }: OperationAnswer): Pick<Undertaking, 'failures' | 'copies'> {
  const failures = results
    .filter(({ done }) => !done)
    .map(({ message, because }) => ({ message, because: because ?? '' }));
  return { failures, copies };
}

function find(key: string): Undertaking | undefined {
  return undertakings.get().find((one) => one.key === key);
}

function change(key: string, next: (one: Undertaking) => Undertaking): Undertaking {
  const before = find(key);
  if (before === undefined) throw new Error(`there is no undertaking ${key}`);
  const after = next(before);
  keep(undertakings.get().map((one) => (one.key === key ? after : one)));
  return after;
}

/** What is not over yet is kept until the tab is closed, so that loading the page anew does not forget it. */
function keep(all: readonly Undertaking[]): void {
  const open = all.filter(({ mode }) => mode === 'sending' || mode === 'unknown');
  const over = all.filter(({ mode }) => mode === 'done' || mode === 'refused');
  undertakings.set([...over.slice(-keptMax), ...open]);
  save('session', savedKey, open.length === 0 ? null : JSON.stringify(open));
}

function readUnfinished(): Undertaking[] {
  // Written by this very page, in this tab.
  const saved = JSON.parse(readSaved('session', savedKey) ?? '[]') as Undertaking[];
  return saved.map((one) => ({ ...one, mode: 'unknown' }));
}

live.listen({
  opened: () => {
    for (const { key, mode } of undertakings.get()) if (mode === 'unknown') void send(key);
  },
  event: () => undefined,
});
