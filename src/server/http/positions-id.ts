import { isOrigin, originOf, type Positions } from '../../model/origin.ts';
import { uuidBytes, uuidText } from '../../model/uuid.ts';

/**
 * Positions as the ID of a server-sent event: opaque to clients, readable by every server of the pool. Origins of one
 * server share its core ID, so that hundreds of restarts still fit into a request header:
 *   version (1), then for each server: core ID (16 bytes), number of its origins, then for each origin the
 *   incarnation (4 bytes) and the sequence number. Numbers are base-128, the lowest part first. Text is base64url.
 */
const version = 1;
export const positionsIdCharsMax = 8_192;

/** Null when the positions are too many to fit; an event without an ID makes its reader start anew. */
export function encodePositions(positions: Positions): string | null {
  const bytes: number[] = [version];
  for (const [coreId, origins] of byServer(positions)) {
    bytes.push(...uuidBytes(coreId));
    pushNumber(bytes, origins.length);
    for (const [incarnation, seq] of origins) {
      bytes.push(...Buffer.from(incarnation, 'hex'));
      pushNumber(bytes, seq);
    }
  }
  const text = Buffer.from(bytes).toString('base64url');
  return text.length <= positionsIdCharsMax ? text : null;
}

/** Null for anything that `encodePositions` of this version did not make. */
export function decodePositions(text: string): Positions | null {
  if (text.length > positionsIdCharsMax || !/^[A-Za-z0-9_-]+$/.test(text)) return null;
  const reader = new Reader(Buffer.from(text, 'base64url'));
  if (reader.number() !== version) return null;
  const positions: Record<string, number> = {};
  while (!reader.atEnd) if (!readServer(reader, positions)) return null;
  return positions;
}

function byServer(positions: Positions): Map<string, [string, number][]> {
  const servers = new Map<string, [string, number][]>();
  for (const origin of Object.keys(positions).sort()) {
    const seq = positions[origin] ?? 0;
    if (!isOrigin(origin) || seq <= 0) continue;
    const coreId = origin.slice(0, 36);
    const origins = servers.get(coreId) ?? [];
    origins.push([origin.slice(37), seq]);
    servers.set(coreId, origins);
  }
  return servers;
}

function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
}

/** False when the bytes end too early or hold something that cannot be. */
function readServer(reader: Reader, into: Record<string, number>): boolean {
  const coreId = reader.take(16);
  const count = reader.number();
  if (coreId === null || count === null || count === 0) return false;
  for (let left = count; left > 0; left--) {
    const incarnation = reader.take(4);
    const seq = reader.number();
    if (incarnation === null || seq === null) return false;
    into[originOf(uuidText(coreId), Buffer.from(incarnation).toString('hex'))] = seq;
  }
  return true;
}

/** Reads from the front; every method gives null once the bytes do not suffice. */
class Reader {
  #at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  take(count: number): Uint8Array | null {
    if (this.#at + count > this.#bytes.length) return null;
    this.#at += count;
    return this.#bytes.slice(this.#at - count, this.#at);
  }

  number(): number | null {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.take(1)?.[0];
      if (byte === undefined) return null;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return Number.isSafeInteger(value) ? value : null;
    }
    return null;
  }
}
