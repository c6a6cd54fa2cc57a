import { z } from 'zod';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of `500ms`, `30s`, `5m`, `1h` or `7d`; null for anything else, a number without a unit included. */
export function parseDurationMs(text: string): number | null {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (!match) return null;
  const [, count = '', unit = ''] = match;
  const factor = Object.entries(unitMs).find(([known]) => known === unit)?.[1];
  return factor === undefined ? null : Number(count) * factor;
}

/** A duration as people write it in a configuration; the value is in milliseconds. */
export function durationSchema(minMs: number, maxMs: number): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const ms = parseDurationMs(text);
    if (ms !== null && ms >= minMs && ms <= maxMs) return ms;
    context.addIssue({
      code: 'custom',
      message: `must be a duration from ${durationText(minMs)} to ${durationText(maxMs)}, like 500ms, 30s, 5m or 1h`,
    });
    return z.NEVER;
  });
}

/** The shortest exact way to write a duration, the one that `parseDurationMs` reads. */
export function durationText(ms: number): string {
  const [unit, factor] = Object.entries(unitMs).findLast(([, factor]) => ms % factor === 0) ?? ['ms', 1];
  return ms === 0 ? '0ms' : `${ms / factor}${unit}`;
}

/** How long something took, for people: `45 ms`, `3.1 s`, `12 min`, `5 h`, `3 days`. */
export function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < unitMs.m) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < unitMs.h) return `${Math.round(ms / unitMs.m)} min`;
  return ms < 2 * unitMs.d ? `${Math.round(ms / unitMs.h)} h` : `${Math.round(ms / unitMs.d)} days`;
}
