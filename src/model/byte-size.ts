import { z } from 'zod';

const unitBytes = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const;

/** Bytes of `512KiB`, `256MiB`, `1GiB` or `100B`; null for anything else. */
export function parseByteSize(text: string): number | null {
  const match = /^(\d{1,9})(B|KiB|MiB|GiB)$/.exec(text);
  if (!match) return null;
  const [, count = '', unit = ''] = match;
  const factor = Object.entries(unitBytes).find(([known]) => known === unit)?.[1];
  return factor === undefined ? null : Number(count) * factor;
}

/** A size as people write it in a configuration; the value is in bytes. */
export function byteSizeSchema(minBytes: number, maxBytes: number): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const bytes = parseByteSize(text);
    if (bytes !== null && bytes >= minBytes && bytes <= maxBytes) return bytes;
    context.addIssue({
      code: 'custom',
      message: `must be a size from ${byteSizeText(minBytes)} to ${byteSizeText(maxBytes)}, like 64KiB, 256MiB or 1GiB`,
    });
    return z.NEVER;
  });
}

/** The shortest exact way to write a size, the one that `parseByteSize` reads. */
export function byteSizeText(bytes: number): string {
  const [unit, factor] = Object.entries(unitBytes).findLast(([, factor]) => bytes % factor === 0) ?? ['B', 1];
  return bytes === 0 ? '0B' : `${bytes / factor}${unit}`;
}
