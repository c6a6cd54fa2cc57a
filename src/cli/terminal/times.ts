const steps = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** How long ago, in one unit: `3m`; what lies ahead (a clock that differs) is `0s`. */
export function ageText(ms: number, nowMs: number): string {
  const pastMs = Math.max(0, nowMs - ms);
  const [unit, unitMs] = steps.find(([, unitMs]) => pastMs >= unitMs) ?? ['s', 1_000];
  return `${Math.floor(pastMs / unitMs)}${unit}`;
}

/** `2026-11-21 09:30:00+01:00` in the zone of whoever looks. */
export function localTimeText(ms: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(ms)
    .toZonedDateTimeISO(zone)
    .toString({ timeZoneName: 'never', smallestUnit: 'second' })
    .replace('T', ' ');
}

/** The zone of whoever looks: TZ, else that of the machine. */
export function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Both: `2026-11-21 09:30:00+01:00 (3m ago)`. */
export function timeText(ms: number, nowMs: number, zone: string): string {
  return `${localTimeText(ms, zone)} (${ageText(ms, nowMs)} ago)`;
}

/** A point in time as people write it: `15m` (ago), `2026-11-21`, `2026-11-21T09:30`, RFC 3339. Null for others. */
export function parseTimeMs(text: string, nowMs: number, zone: string): number | null {
  const ago = /^(\d{1,6})(s|m|h|d)$/.exec(text);
  if (ago) return nowMs - Number(ago[1]) * (steps.find(([unit]) => unit === ago[2])?.[1] ?? 0);
  try {
    return /(Z|[+-]\d\d:?\d\d)$/i.test(text)
      ? Temporal.Instant.from(text).epochMilliseconds
      : Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds;
  } catch {
    // Temporal throws for what is no time; that is the answer to our question.
    return null;
  }
}
