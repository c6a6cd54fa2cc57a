import { z } from 'zod';
import { outsideBounds, unfolded } from '../../journal/body.ts';
import { WatchError } from '../../model/errors.ts';
import type { EntryBody } from '../../model/entry.ts';
import { isMessage } from '../../model/check-message.ts';
import { messageLimits, messageSchema, type Message } from '../../model/message.ts';

export interface RefusedMessage {
  /** Place in the batch as the agent sent it. */
  readonly index: number;
  readonly text: string;
}

/** What the refusals of one batch may take of the answer's header, which is bounded (link/frame.ts). */
const refusalsBytesMax = 49_152;
/** `{"index":4999,"text":""},` */
const refusalBytes = 26;
const reasonCharsMin = 16;
const refusedMax = Math.floor(refusalsBytesMax / (refusalBytes + reasonCharsMin));
/** Far above what a message has. */
const fieldsMax = 32;

const batchSchema = z.strictObject({
  node: z.uuid(),
  nodeName: z.string().min(1).max(256),
  messages: z.array(z.unknown()).min(1).max(5_000),
});

export interface AgentBatch extends EntryBody<'messages'> {
  readonly messages: Message[];
  /** What is wrong in it; everything else is taken. */
  readonly refused: readonly RefusedMessage[];
}

/**
 * Parts the good messages of a batch from the bad ones, so that one bad message never holds up an agent's stream.
 * WK_BAD_REQUEST for what is no batch at all, or when more is bad than can be told; WK_TOO_LARGE.
 */
export function readBatch(bytes: Uint8Array): AgentBatch {
  const batch = batchSchema.safeParse(unfolded(bytes, outsideBounds));
  if (!batch.success) throw new WatchError('WK_BAD_REQUEST', `messages: ${reasonOf(batch.error)}`);
  const messages: Message[] = [];
  const refused: RefusedMessage[] = [];
  for (const [index, candidate] of batch.data.messages.entries()) {
    const read = readMessage(candidate);
    if (typeof read !== 'string') messages.push(read);
    else if (refused.push({ index, text: read }) > refusedMax) throw tooManyBad(refused);
  }
  return { node: batch.data.node, nodeName: batch.data.nodeName, messages, refused: fitReasons(refused) };
}

/** The message, or why it is none. */
function readMessage(candidate: unknown): Message | string {
  if (isMessage(candidate)) return candidate;
  const tooMany = whyTooMany(candidate);
  if (tooMany !== null) return tooMany;
  const result = messageSchema.safeParse(candidate);
  return result.success ? result.data : reasonOf(result.error);
}

/** The schema looks at every field, and tells of each: of thousands nobody waits for that. */
function whyTooMany(candidate: unknown): string | null {
  if (typeof candidate !== 'object' || candidate === null) return null;
  if (Object.keys(candidate).length > fieldsMax) return 'message: it has more fields than there are';
  const attributes = 'attributes' in candidate ? candidate.attributes : null;
  if (typeof attributes !== 'object' || attributes === null) return null;
  const { attributesMax } = messageLimits;
  return Object.keys(attributes).length > attributesMax
    ? `attributes: more than ${attributesMax} attributes`
    : null;
}

function tooManyBad(refused: readonly RefusedMessage[]): WatchError {
  return new WatchError(
    'WK_BAD_REQUEST',
    `more than ${refusedMax} messages of one batch are bad, the first because of ${refused[0]?.text}; correct what makes them`,
  );
}

/** The more there are, the shorter their reasons, so that one answer can name them all. */
function fitReasons(refused: readonly RefusedMessage[]): RefusedMessage[] {
  const charsMax = Math.floor(refusalsBytesMax / Math.max(1, refused.length)) - refusalBytes;
  return refused.map(({ index, text }) => ({ index, text: text.slice(0, charsMax) }));
}

function reasonOf(error: z.ZodError): string {
  const [issue] = error.issues;
  const text = `${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'is not valid'}`;
  // One byte a character in JSON: the names in it are the sender's.
  return text.replaceAll(/[^\x20-\x7e]|["\\]/g, "'").slice(0, 512);
}
