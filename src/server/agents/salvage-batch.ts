import { zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { bodyBytesMax } from '../../journal/body.ts';
import { WatchError } from '../../model/errors.ts';
import { messageSchema, type Message } from '../../model/message.ts';

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

const looseBatchSchema = z.strictObject({
  node: z.uuid(),
  nodeName: z.string().min(1).max(256),
  messages: z.array(z.unknown()).min(1).max(5_000),
});

/**
 * Parts the good messages of a batch from the bad ones, so that one bad message never holds up an agent's stream.
 * Null when the batch itself has no shape that could be read; WK_BAD_REQUEST when more is bad than can be told.
 */
export function salvageBatch(
  bytes: Uint8Array,
): { node: string; nodeName: string; messages: Message[]; refused: RefusedMessage[] } | null {
  const batch = looseBatchSchema.safeParse(unpack(bytes));
  if (!batch.success) return null;
  const messages: Message[] = [];
  const refused: RefusedMessage[] = [];
  for (const [index, candidate] of batch.data.messages.entries()) {
    const result = messageSchema.safeParse(candidate);
    if (result.success) messages.push(result.data);
    else refused.push({ index, text: reasonOf(result.error) });
  }
  return { node: batch.data.node, nodeName: batch.data.nodeName, messages, refused: fitReasons(refused) };
}

/** The more there are, the shorter their reasons, so that one answer can name them all. */
function fitReasons(refused: readonly RefusedMessage[]): RefusedMessage[] {
  const charsMax = Math.floor(refusalsBytesMax / Math.max(1, refused.length)) - refusalBytes;
  if (charsMax < reasonCharsMin)
    throw new WatchError(
      'WK_BAD_REQUEST',
      `${refused.length} messages of one batch are bad, the first because of ${refused[0]?.text}; correct what makes them`,
    );
  return refused.map(({ index, text }) => ({ index, text: text.slice(0, charsMax) }));
}

function unpack(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(zstdDecompressSync(bytes, { maxOutputLength: bodyBytesMax }).toString('utf8'));
  } catch {
    // Whatever is wrong with it, the caller has a better text from the first attempt.
    return null;
  }
}

function reasonOf(error: z.ZodError): string {
  const [issue] = error.issues;
  const text = `${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'is not valid'}`;
  // One byte a character in JSON: the names in it are the sender's.
  return text.replaceAll(/[^\x20-\x7e]|["\\]/g, "'").slice(0, 512);
}
