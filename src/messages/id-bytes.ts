import type { Uuid } from '../model/uuid.ts';

const digitValues = new Uint8Array(128);
for (let value = 0; value < 16; value++) digitValues['0123456789abcdef'.charCodeAt(value)] = value;

const digitPlaces = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;

/** Writes the 16 bytes of a canonical UUID into `into`, without allocating: this runs once for every message. */
export function writeIdBytes(id: Uuid, into: Uint8Array): Uint8Array {
  for (let index = 0; index < 16; index++) {
    const place = digitPlaces[index] ?? 0;
    into[index] =
      ((digitValues[id.charCodeAt(place)] ?? 0) << 4) | (digitValues[id.charCodeAt(place + 1)] ?? 0);
  }
  return into;
}

export function idBytes(id: Uuid): Uint8Array {
  return writeIdBytes(id, new Uint8Array(16));
}
