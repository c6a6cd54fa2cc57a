import { useMemo } from 'react';
import { useStore } from '../browser/store.ts';
import { settings } from './settings.ts';

export interface Times {
  readonly zone: string;
  /** `UTC+2` as it is now. */
  readonly offset: string;
  /** Of today the time, of other days the day too. */
  short(wallMs: number, nowMs: number): string;
  /** Day, time to the millisecond and offset. */
  full(wallMs: number): string;
  clock(wallMs: number): string;
}

export const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Times as the reader chose to see them. */
export function useTimes(): Times {
  const { zone } = useStore(settings);
  return useMemo(() => timesIn(zone ?? browserZone), [zone]);
}

export function timesIn(zone: string): Times {
  const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
    new Intl.DateTimeFormat('en-GB', { timeZone: zone, hourCycle: 'h23', ...options });
  const clock = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const day = format({ day: '2-digit', month: 'short' });
  const dayAndClock = format({ day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit' });
  const date = format({ year: 'numeric', month: '2-digit', day: '2-digit' });
  const offset = offsetOf(zone);
  // Asked with the same now by every row of a table.
  let today = { nowMs: Number.NaN, day: '' };
  const dayOf = (nowMs: number): string => {
    if (today.nowMs !== nowMs) today = { nowMs, day: day.format(nowMs) };
    return today.day;
  };
  const isoDay = (wallMs: number): string => {
    const parts = Object.fromEntries(date.formatToParts(wallMs).map(({ type, value }) => [type, value]));
    return `${parts['year']}-${parts['month']}-${parts['day']}`;
  };
  return {
    zone,
    offset,
    clock: (wallMs) => clock.format(wallMs),
    short: (wallMs, nowMs) =>
      day.format(wallMs) === dayOf(nowMs)
        ? clock.format(wallMs)
        : dayAndClock.format(wallMs).replace(',', ''),
    full: (wallMs) =>
      `${isoDay(wallMs)} ${clock.format(wallMs)}.${String(wallMs % 1_000).padStart(3, '0')} ${offset}`,
  };
}

function offsetOf(zone: string): string {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    timeZoneName: 'shortOffset',
  }).formatToParts();
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  return name === 'GMT' ? 'UTC' : name.replace('GMT', 'UTC');
}

/** A span in the largest two units that say enough: `3 min 20 s`, `840 ms`. */
export function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const;
  const at = units.findIndex(([size]) => seconds >= size);
  const [first, second] = [units[at], units[at + 1]];
  if (first === undefined) return '0 s';
  const rest = second === undefined ? 0 : Math.floor((seconds % first[0]) / second[0]);
  return `${Math.floor(seconds / first[0])} ${first[1]}${rest > 0 && second ? ` ${rest} ${second[1]}` : ''}`;
}
