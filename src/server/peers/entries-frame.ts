import type { LinkMessageOf } from '../../link/messages.ts';
import type { Entry } from '../../model/entry.ts';
import { WatchError } from '../../model/errors.ts';

/** Entries as one frame of the link: what stands about each in the header, their bodies end to end behind it. */
export function entriesFrame(entries: readonly Entry[]): {
  message: LinkMessageOf<'entries'>;
  body: Uint8Array;
} {
  const headers = entries.map(({ origin, seq, hlc, kind, checksum, body }) => ({
    origin,
    seq,
    hlc,
    kind,
    checksum: Buffer.from(checksum).toString('base64'),
    bytes: body.length,
  }));
  return {
    message: { type: 'entries', entries: headers },
    body: Buffer.concat(entries.map((entry) => entry.body)),
  };
}

/** WK_FRAME when the lengths in the header do not add up to the body. The checksums are the journal's to verify. */
export function entriesOf(message: LinkMessageOf<'entries'>, body: Uint8Array): Entry[] {
  let at = 0;
  const entries = message.entries.map(({ bytes, checksum, ...rest }) => {
    const entry = { ...rest, checksum: Buffer.from(checksum, 'base64'), body: body.subarray(at, at + bytes) };
    at += bytes;
    return entry;
  });
  if (at !== body.length) {
    throw new WatchError('WK_FRAME', `entries of ${at} bytes came with a body of ${body.length}`);
  }
  return entries;
}
