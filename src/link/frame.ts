import { WatchError } from '../model/errors.ts';
import { whyNotParsed } from '../model/json-bounds.ts';
import { linkMessageSchemas, type LinkMessage, type LinkMessageType } from './messages.ts';
import { linkRules } from './rules.ts';

/**
 * A frame on the wire: the header's length (4 bytes, highest first), the header (JSON in UTF-8), and for some types
 * a body that fills the rest.
 */
export interface Frame {
  readonly message: LinkMessage;
  /** A view into the bytes that came; empty where the type has no body. */
  readonly body: Uint8Array;
}

/** Between an agent and a server. */
export const headerBytesMax = 65_536;
/** Between servers: a welcome names every run of every server that the journal knows, some 60 bytes each. */
export const serverHeaderBytesMax = 1_048_576;
const headerDepthMax = 8;
const lengthBytes = 4;

/** Every reason for which a frame is refused. */
export const frameFaults = [
  'it is too short',
  'its header is too large',
  'its header ends behind the frame',
  'its header is not UTF-8',
  'its header is nested too deeply',
  'its header is not JSON',
  'its type is unknown',
  'its header is not valid',
  'its type has no body',
] as const;
export type FrameFault = (typeof frameFaults)[number];

const nothing = new Uint8Array(0);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws WK_TOO_LARGE for a header beyond `bytesMax`: the sender must say it in several messages. */
export function encodeFrame(
  message: LinkMessage,
  body: Uint8Array = nothing,
  bytesMax = headerBytesMax,
): Uint8Array {
  const header = Buffer.from(JSON.stringify(message));
  if (header.length > bytesMax)
    throw new WatchError(
      'WK_TOO_LARGE',
      `a header of type ${message.type} has ${header.length} bytes, at most ${bytesMax} may be sent`,
    );
  const frame = Buffer.allocUnsafe(lengthBytes + header.length + body.length);
  frame.writeUInt32BE(header.length);
  frame.set(header, lengthBytes);
  frame.set(body, lengthBytes + header.length);
  return frame;
}

/** Sizes and depth are looked at before anything is parsed. Throws WK_FRAME with one of `frameFaults`. */
export function decodeFrame(bytes: Uint8Array, bytesMax = headerBytesMax): Frame {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (frame.length < lengthBytes) throw frameError('it is too short');
  const headerBytes = frame.readUInt32BE();
  if (headerBytes > bytesMax) throw frameError('its header is too large', `${headerBytes} bytes`);
  const bodyAt = lengthBytes + headerBytes;
  if (bodyAt > frame.length) throw frameError('its header ends behind the frame');
  const message = decodeHeader(frame.subarray(lengthBytes, bodyAt));
  const body = frame.subarray(bodyAt);
  if (body.length > 0 && !linkRules[message.type].body)
    throw frameError('its type has no body', message.type);
  return { message, body };
}

function decodeHeader(bytes: Buffer): LinkMessage {
  if (whyNotParsed(bytes, { depthMax: headerDepthMax }) !== null)
    throw frameError('its header is nested too deeply');
  const value = parse(decode(bytes));
  const type = typeOf(value);
  if (type === null) throw frameError('its type is unknown');
  const result = linkMessageSchemas[type].safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = [type, ...(issue?.path ?? [])].join('.').slice(0, 256);
  throw frameError('its header is not valid', `${where}: ${issue?.message ?? ''}`.slice(0, 512));
}

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw frameError('its header is not UTF-8', undefined, error);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw frameError('its header is not JSON', undefined, error);
  }
}

function typeOf(value: unknown): LinkMessageType | null {
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  return isLinkMessageType(value.type) ? value.type : null;
}

/** Own names only: `constructor` and the like are no types. */
function isLinkMessageType(type: unknown): type is LinkMessageType {
  return typeof type === 'string' && Object.hasOwn(linkMessageSchemas, type);
}

function frameError(fault: FrameFault, detail?: string, cause?: unknown): WatchError {
  const text = `the peer sent a frame that is not valid: ${fault}`;
  return new WatchError('WK_FRAME', detail === undefined ? text : `${text} (${detail})`, { cause });
}
