import {
  alwaysTemplate,
  type DatePattern,
  type DateRange,
  type TimeCondition,
  type TimeTemplate,
} from './syntax.ts';

/** A point in time as a calendar and a clock on the wall show it. Weekdays count from Monday, 1. */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  /** Of the day, 0 to 1439. */
  readonly minute: number;
}

/**
 * The moment that a policy is asked about. `nodeZone` is that of the managed node (an IANA name or an offset like
 * `+02:00`), `serverZone` that of the server.
 */
export interface MessageMoment {
  readonly epochMs: number;
  readonly nodeZone: string;
  readonly serverZone: string;
}

/** One moment; what it is in a time zone is worked out once. */
export class Moment {
  readonly #input: MessageMoment;
  readonly #local = new Map<string, LocalTime>();

  constructor(input: MessageMoment) {
    this.#input = input;
  }

  in(zone: TimeTemplate['zone']): LocalTime {
    const name = zoneOf(zone, this.#input);
    const known = this.#local.get(name);
    if (known) return known;
    const local = localTime(this.#input.epochMs, name);
    this.#local.set(name, local);
    return local;
  }
}

/** The name of the zone that a template goes by. */
export function zoneOf(
  zone: TimeTemplate['zone'],
  { nodeZone, serverZone }: Pick<MessageMoment, 'nodeZone' | 'serverZone'>,
): string {
  return zone?.type === 'Fix' ? zone.value : zone?.type === 'Mgmtserver' ? serverZone : nodeZone;
}

/** Throws RangeError for a zone that is not known (`isTimeZone`). */
export function localTime(epochMs: number, zone: string): LocalTime {
  const time = Temporal.Instant.fromEpochMilliseconds(epochMs).toZonedDateTimeISO(zone);
  const { year, month, day, dayOfWeek, hour, minute } = time;
  return { year, month, day, weekday: dayOfWeek, minute: hour * 60 + minute };
}

export function isTimeZone(name: string): boolean {
  try {
    localTime(0, name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Of several templates with one name the first counts; a name that no template has is never true. */
export function isTrue(templates: readonly TimeTemplate[], name: string, moment: Moment): boolean {
  if (name === alwaysTemplate) return true;
  const template = templates.find((one) => one.name === name);
  return template !== undefined && isTemplateTrue(template, moment.in(template.zone));
}

/** True while it is inside of a Match condition, or there is none, and inside of no other. */
export function isTemplateTrue({ conditions }: TimeTemplate, local: LocalTime): boolean {
  const matches = conditions.filter(({ type }) => type === 'Match');
  const inside = (condition: TimeCondition): boolean => isInside(condition, local);
  return (
    (matches.length === 0 || matches.some(inside)) &&
    !conditions.some((condition) => condition.type !== 'Match' && inside(condition))
  );
}

const minutesPerDay = 1_440;

function isInside({ time, weekday, date }: TimeCondition, local: LocalTime): boolean {
  // The last minute is inside: `TO 23:59` is the rest of the day, as is `TO 24:00`.
  if (time && (local.minute < time.from || local.minute > Math.min(time.to, minutesPerDay - 1))) return false;
  return isDayInside({ weekday, date }, local);
}

export function isDayInside(
  { weekday, date }: Pick<TimeCondition, 'weekday' | 'date'>,
  local: Omit<LocalTime, 'minute'>,
): boolean {
  if (weekday && !isBetween(weekday.from, local.weekday, weekday.to)) return false;
  return date === null || isDateInside(date, local);
}

/** Around the end of the week or of the year where `from` is behind `to`. */
function isBetween(from: number, value: number, to: number): boolean {
  return from <= to ? from <= value && value <= to : from <= value || value <= to;
}

type Day = Pick<LocalTime, 'year' | 'month' | 'day'>;

function isDateInside({ from, to }: DateRange, day: Day): boolean {
  if (to === null) return isDate(from, day);
  // Every month anew: the year and the day of the month are ranges of their own.
  if (from.month === null)
    return isPartBetween(from.year, day.year, to.year) && isPartBetween(from.day, day.day, to.day);
  // Without a day the month is what counts, and without a year it begins anew every year.
  return isBetween(orderOf(from, from), orderOf(day, from), orderOf(to, from));
}

function isPartBetween(from: number | null, value: number, to: number | null): boolean {
  return from === null || to === null || isBetween(from, value, to);
}

function isDate({ year, month, day }: DatePattern, on: Day): boolean {
  return (
    (year === null || year === on.year) &&
    (month === null || month === on.month) &&
    (day === null || day === on.day)
  );
}

/** A number that sorts as the parts do that `like` gives. */
export function orderOf({ year, month, day }: DatePattern, like: DatePattern): number {
  const part = (value: number | null, wanted: number | null): number => (wanted === null ? 0 : (value ?? 0));
  return part(year, like.year) * 10_000 + part(month, like.month) * 100 + part(day, like.day);
}
