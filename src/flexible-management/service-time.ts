import type { FlexiblePolicy, ServiceOperation, TimeTemplate } from './syntax.ts';
import { alwaysTemplate } from './syntax.ts';
import { isTrue, Moment, zoneOf, type MessageMoment } from './time-template.ts';

/** Beyond that nobody can say when; a date that comes once in four years is farther away. */
const daysMax = 400;

/** Whether the time that an operation names is now; one that names none is always. */
export function isServiceNow(
  { timeTemplates }: FlexiblePolicy,
  { when }: ServiceOperation,
  moment: Moment,
): boolean {
  return when === null || isTrue(timeTemplates, when.timeTemplate, moment) !== when.not;
}

/**
 * When the first of these service hours begins after `when`, milliseconds since 1970; null when that is more than 400 days
 * away, or never. A template can only become true where one of its conditions begins or ends, at the start of a day, or
 * when clocks change, so only those moments are looked at.
 */
export function nextServiceMs(
  policy: FlexiblePolicy,
  hours: readonly ServiceOperation[],
  when: MessageMoment,
): number | null {
  const templates = hours.flatMap((one) => {
    const name = one.when?.timeTemplate;
    return policy.timeTemplates.find((template) => template.name === name) ?? [];
  });
  const isIn = (epochMs: number): boolean => {
    const moment = new Moment({ ...when, epochMs });
    return hours.some((one) => isServiceNow(policy, one, moment));
  };
  const key = [when.nodeZone, when.serverZone, ...hours.map(({ at }) => `${at.line}:${at.column}`)].join(' ');
  const known = knownOf(policy);
  const before = known.get(key);
  if (before && before.fromMs <= when.epochMs && when.epochMs < before.goodToMs) return before.nextMs;
  const found = templates.flatMap((template) => firstOf(template, when, isIn) ?? []);
  const nextMs = found.length === 0 ? null : Math.min(...found);
  if (known.size >= knownMax) known.clear();
  known.set(key, { fromMs: when.epochMs, goodToMs: nextMs ?? when.epochMs + neverGoodMs, nextMs });
  return nextMs;
}

interface Known {
  readonly fromMs: number;
  readonly goodToMs: number;
  readonly nextMs: number | null;
}

/** All messages of a night wait for the same moment. */
const knownByPolicy = new WeakMap<FlexiblePolicy, Map<string, Known>>();
const knownMax = 256;
const neverGoodMs = 3_600_000;

function knownOf(policy: FlexiblePolicy): Map<string, Known> {
  const known = knownByPolicy.get(policy) ?? new Map<string, Known>();
  knownByPolicy.set(policy, known);
  return known;
}

function firstOf(
  template: TimeTemplate,
  when: MessageMoment,
  isIn: (epochMs: number) => boolean,
): number | null {
  const zone = zoneOf(template.zone, when);
  const from = Temporal.Instant.fromEpochMilliseconds(when.epochMs).toZonedDateTimeISO(zone);
  const minutes = minutesOf(template);
  for (let day = 0; day <= daysMax; day++) {
    const first = momentsOf(from.toPlainDate().add({ days: day }), minutes, zone).find(
      (epochMs) => epochMs > when.epochMs && isIn(epochMs),
    );
    if (first !== undefined) return first;
  }
  return null;
}

/** Of a day: where something of the template begins, or the minute behind its end. */
function minutesOf({ name, conditions }: TimeTemplate): readonly number[] {
  if (name === alwaysTemplate) return [0];
  const ends = conditions.flatMap(({ time }) => (time ? [time.from, time.to + 1] : []));
  return [...new Set([0, ...ends])].filter((minute) => minute < 1_440).toSorted((a, b) => a - b);
}

/** An hour that clocks go through twice has each of its minutes twice; one that they skip has none, and its neighbours do no harm. */
function momentsOf(date: Temporal.PlainDate, minutes: readonly number[], timeZone: string): number[] {
  const start = date.toZonedDateTime({ timeZone });
  const change = start.getTimeZoneTransition('next');
  const isToday = change !== null && change.toPlainDate().equals(date);
  const moments = minutes.flatMap((minute) => {
    const time = { hour: Math.floor(minute / 60), minute: minute % 60 };
    const local = date.toPlainDateTime(time);
    const earlier = local.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
    return [earlier, ...(isToday ? [local.toZonedDateTime(timeZone, { disambiguation: 'later' })] : [])];
  });
  return [...moments, ...(isToday ? [change] : [])]
    .map(({ epochMilliseconds }) => epochMilliseconds)
    .toSorted((a, b) => a - b);
}
