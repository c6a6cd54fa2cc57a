/** A UUID in its canonical lower-case text form. */
export type Uuid = string;

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return pattern.test(text);
}

/**
 * A UUIDv7 (RFC 9562 section 5.7) from a time in milliseconds and ten random bytes: names made later sort
 * later, so an index of them grows at its end.
 */
export function uuidV7(wallMs: number, random: Uint8Array): Uuid {
  const bytes = new Uint8Array(16);
  bytes.set(random.subarray(0, 10), 6);
  return finish(bytes, wallMs);
}

function finish(bytes: Uint8Array, wallMs: number): Uuid {
  const high = Math.floor(wallMs / 0x1_0000_0000);
  const low = wallMs % 0x1_0000_0000;
  const view = new DataView(bytes.buffer);
  view.setUint16(0, high);
  view.setUint32(2, low);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  return uuidText(bytes);
}

/** A random UUIDv4 from sixteen random bytes. */
export function uuidV4(random: Uint8Array): Uuid {
  const bytes = Uint8Array.from(random.subarray(0, 16));
  const view = new DataView(bytes.buffer);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x40);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  return uuidText(bytes);
}

export function uuidText(bytes: Uint8Array): Uuid {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function uuidBytes(text: Uuid): Uint8Array {
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

/** The time a UUIDv7 was made, in milliseconds of the wall clock of its maker. */
export function uuidV7Ms(text: Uuid): number {
  return Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16);
}

/**
 * UUIDv7s of one source in the order in which they were asked for, also within a millisecond and when the wall clock
 * is set back: the twelve bits behind the time count up (RFC 9562 section 6.2, method 1).
 */
export class UuidV7Source {
  #lastMs = 0;
  #count = 0;

  /** `random`: ten bytes. */
  next(wallMs: number, random: Uint8Array): Uuid {
    const countMax = 0xfff;
    if (wallMs > this.#lastMs) {
      this.#lastMs = wallMs;
      this.#count = 0;
    } else if (this.#count < countMax) {
      this.#count += 1;
    } else {
      this.#lastMs += 1;
      this.#count = 0;
    }
    const counted = Uint8Array.from(random);
    counted[0] = this.#count >>> 8;
    counted[1] = this.#count & 0xff;
    return uuidV7(this.#lastMs, counted);
  }
}
