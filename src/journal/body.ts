import type { z } from 'zod';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { isMessage } from '../model/check-message.ts';
import { entryBodySchemas, type EntryBody, type EntryKind } from '../model/entry.ts';
import { textOf, WatchError } from '../model/errors.ts';
import { whyNotParsed, type JsonBounds } from '../model/json-bounds.ts';
import { isUuid } from '../model/uuid.ts';

/** What a body may unfold to: more is refused before it takes the memory, or the time of a parser. */
export interface BodyBounds extends JsonBounds {
  readonly bytesMax: number;
}

/** Of any entry: what one server has taken every other has to take. */
export const bodyBytesMax = 16 * 1_048_576;
const entryBounds: BodyBounds = { bytesMax: bodyBytesMax, depthMax: 64, valuesMax: 2_000_000 };
/** Of what an agent or another pool sends, which are cut at 500 messages and 256 KiB and one message. */
export const outsideBounds: BodyBounds = { bytesMax: 2 * 1_048_576, depthMax: 8, valuesMax: 60_000 };
const messagesMax = 5_000;

export function encodeBody<K extends EntryKind>(_kind: K, body: EntryBody<K>): Uint8Array {
  return fold(body);
}

/** Any value as bodies are stored and sent. */
export function fold(value: unknown): Uint8Array {
  return zstdCompressSync(JSON.stringify(value), {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  });
}

/** The value in such bytes. WK_TOO_LARGE, WK_BAD_REQUEST. */
export function unfolded(bytes: Uint8Array, bounds: BodyBounds): unknown {
  const json = unfold(bytes, bounds.bytesMax);
  const why = whyNotParsed(json, bounds);
  if (why !== null) throw new WatchError('WK_TOO_LARGE', `a body is not read: ${why}`);
  return parse(json.toString('utf8'));
}

/** WK_TOO_LARGE for a body that unfolds to too much, WK_BAD_REQUEST for everything else that is wrong with it. */
export function decodeBody<K extends EntryKind>(kind: K, bytes: Uint8Array): EntryBody<K> {
  const value = unfolded(bytes, entryBounds);
  if (kind === 'messages' && isMessagesBody(value)) return value as EntryBody<K>;
  const result: z.ZodSafeParseResult<unknown> = entryBodySchemas[kind].safeParse(value);
  if (result.success) return result.data as EntryBody<K>;
  const [issue] = result.error.issues;
  throw new WatchError(
    'WK_BAD_REQUEST',
    `${kind}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`,
  );
}

function unfold(bytes: Uint8Array, bytesMax: number): Buffer {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: bytesMax });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE')
      throw new WatchError('WK_TOO_LARGE', `a body unfolds to more than ${bytesMax} bytes`, { cause });
    throw new WatchError('WK_BAD_REQUEST', `a body is not zstd-compressed: ${textOf(cause)}`, { cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WatchError('WK_BAD_REQUEST', `a body is not JSON: ${textOf(cause)}`, { cause });
  }
}

/** The schema takes 9 µs a message, this well under one; what it does not take is put to the schema for the reason. */
function isMessagesBody(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (!('node' in value && 'nodeName' in value && 'messages' in value)) return false;
  const { node, nodeName, messages } = value;
  return (
    Object.keys(value).length === 3 &&
    typeof node === 'string' &&
    isUuid(node) &&
    typeof nodeName === 'string' &&
    nodeName.length > 0 &&
    nodeName.length <= 256 &&
    Array.isArray(messages) &&
    messages.length > 0 &&
    messages.length <= messagesMax &&
    messages.every(isMessage)
  );
}
