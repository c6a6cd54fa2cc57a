import type { LinkMessage } from '../../src/link/messages.ts';

/** A header of JSON behind its length, then the body: enough for peers that trust each other. */
export function encode(message: LinkMessage, body: Uint8Array = new Uint8Array()): Uint8Array {
  const header = Buffer.from(JSON.stringify(message));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return Buffer.concat([length, header, body]);
}

export function decode(bytes: Uint8Array): { message: LinkMessage; body: Uint8Array } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 4 + buffer.readUInt32LE();
  return { message: JSON.parse(buffer.toString('utf8', 4, end)) as LinkMessage, body: buffer.subarray(end) };
}
