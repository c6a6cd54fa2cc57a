import { useMemo } from 'react';
import { door } from '../browser/door.ts';
import { useStore } from '../browser/store.ts';
import { texts } from '../texts.ts';
import { settings } from './settings.ts';

export interface Times {
  /** `UTC+2` as it is now. */
  readonly offset: string;
  /** Of today the time, of other days the day too. */
  short(wallMs: number, nowMs: number): string;
  /** Day, time to the millisecond and the offset of then. */
  full(wallMs: number): string;
  clock(wallMs: number): string;
}

/** No zone begins or ends a summer time at another minute. */
const quarterMs = 900_000;
const quartersMax = 10_000;

export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Times as the reader chose to see them. */
export function useTimes(): Times {
  const { zone } = useStore(settings);
  return useMemo(() => timesIn(zone), [zone]);
}

/**
 * `zone`: null for that of the browser. A browser takes 50 ms to make one of its formats for dates, most of what a first load
 * has for all of them; so it is asked for offsets only, and the rest is reckoned.
 */
export function timesIn(zone: string | null): Times {
  const minutesAt = zone === null ? minutesHere : minutesIn(zone);
  /** As ISO 8601 writes it, on the clocks of the zone. */
  const local = (wallMs: number): string => new Date(wallMs + minutesAt(wallMs) * 60_000).toISOString();
  const clock = (wallMs: number): string => local(wallMs).slice(11, 19);
  return {
    offset: offsetText(minutesAt(door.nowMs())),
    clock,
    short(wallMs, nowMs) {
      const then = local(wallMs);
      if (then.slice(0, 10) === local(nowMs).slice(0, 10)) return then.slice(11, 19);
      return `${then.slice(8, 10)} ${texts.months[Number(then.slice(5, 7)) - 1]} ${then.slice(11, 16)}`;
    },
    full: (wallMs) => `${local(wallMs).slice(0, 23).replace('T', ' ')} ${offsetText(minutesAt(wallMs))}`,
  };
}

function minutesHere(wallMs: number): number {
  return -new Date(wallMs).getTimezoneOffset();
}

function minutesIn(zone: string): (wallMs: number) => number {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'shortOffset' });
  const known = new Map<number, number>();
  return (wallMs) => {
    const quarter = Math.floor(wallMs / quarterMs);
    const before = known.get(quarter);
    if (before !== undefined) return before;
    if (known.size >= quartersMax) known.clear();
    const parts = format.formatToParts(quarter * quarterMs);
    const minutes = minutesOf(parts.find(({ type }) => type === 'timeZoneName')?.value ?? '');
    known.set(quarter, minutes);
    return minutes;
  };
}

/** `GMT+5:30`; the zone of Greenwich is `GMT` or `GMT+0`. */
function minutesOf(name: string): number {
  const [, sign, hours = '0', minutes = '0'] = /([+-])(\d+)(?::(\d+))?/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** `UTC`, `UTC+2`, `UTC-3:30`. */
function offsetText(minutes: number): string {
  if (minutes === 0) return 'UTC';
  const [whole, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? '-' : '+'}${whole}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
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
