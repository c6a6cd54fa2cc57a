import { isEntryKind, type Entry, type EntryBody, type EntryKind } from '../model/entry.ts';
import { textOf } from '../model/errors.ts';
import type { DecodedBody } from './applier.ts';
import { decodeBody } from './body.ts';

export const unknownKind = 'this version does not know the kind';

export type Decoding = { readonly body: DecodedBody } | { readonly reason: string };

/** An entry is decoded when it arrives, applied, and shown to whoever watches live: once, while the object lives. */
const known = new WeakMap<Entry, Decoding>();

/** Never throws: an entry that nobody here can read is stored and forwarded all the same. */
export function decodeEntry(entry: Entry): Decoding {
  const before = known.get(entry);
  if (before) return before;
  const decoding = decode(entry);
  known.set(entry, decoding);
  return decoding;
}

/** For the entry's maker, who has the value already and has checked it against the kind's schema. */
export function rememberDecoded<K extends EntryKind>(entry: Entry, kind: K, value: EntryBody<K>): void {
  known.set(entry, { body: pair(kind, value) });
}

function decode(entry: Entry): Decoding {
  if (!isEntryKind(entry.kind)) return { reason: unknownKind };
  try {
    return { body: pair(entry.kind, decodeBody(entry.kind, entry.body)) };
  } catch (error) {
    return { reason: textOf(error) };
  }
}

function pair<K extends EntryKind>(kind: K, value: EntryBody<K>): DecodedBody {
  return { kind, value } as DecodedBody;
}
