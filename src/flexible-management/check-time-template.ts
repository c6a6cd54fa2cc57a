import type { Finding, Position } from './finding.ts';
import type { DatePattern, DateRange, TimeCondition, TimeTemplate } from './syntax.ts';
import { isDayInside, isTimeZone, orderOf, type LocalTime } from './time-template.ts';

/** What is wrong with the times of a template. */
export function checkTimeTemplate({ at, zone, conditions }: TimeTemplate): Finding[] {
  const findings = conditions.flatMap(checkCondition);
  if (zone?.type === 'Fix' && !isTimeZone(zone.value))
    findings.push(
      error(
        at,
        `${JSON.stringify(zone.value)} is not a time zone that is known; use a name like Europe/Oslo`,
      ),
    );
  if (findings.some(({ level }) => level === 'error')) return findings;
  const matches = conditions.filter(({ type }) => type === 'Match');
  if (matches.length > 0 && matches.every(neverTrue))
    findings.push(warning(at, 'this time template is never true'));
  if (conditions.some((one) => one.type !== 'Match' && !one.time && !one.weekday && !one.date))
    findings.push(
      warning(at, 'this time template is never true: one of its conditions suppresses all of the time'),
    );
  return findings;
}

function checkCondition(condition: TimeCondition): Finding[] {
  const { at, time, date } = condition;
  const findings: Finding[] = [];
  if (time && time.from >= time.to) findings.push(error(at, timeText(time)));
  if (date) findings.push(...checkDates(at, date));
  if (findings.length === 0 && neverTrue(condition))
    findings.push(
      warning(at, 'this condition can never be true: no day fits its dates and days of the week'),
    );
  return findings;
}

function timeText({ from, to }: { from: number; to: number }): string {
  if (from === to) return 'TIME FROM must be earlier than TO';
  return 'TIME FROM must be earlier than TO; over midnight it takes two conditions, one TO 24:00 and one FROM 0:00';
}

function checkDates(at: Position, { from, to }: DateRange): Finding[] {
  const findings = [from, to].filter((one) => one !== null).flatMap((one) => checkDate(at, one));
  if (to === null) return findings;
  const wildcards = ({ year, month, day }: DatePattern): string =>
    [year, month, day].map((part) => (part === null ? '*' : '1')).join('/');
  if (wildcards(from) !== wildcards(to))
    findings.push(error(at, 'DATE FROM and TO need their stars in the same places'));
  else if (from.year !== null && to.year !== null && isBackwards(from, to))
    findings.push(error(at, 'DATE FROM lies behind TO'));
  return findings;
}

/** With a star for the month, years and days are ranges of their own, and only the years cannot begin anew. */
function isBackwards(from: DatePattern, to: DatePattern): boolean {
  if (from.month === null) return (from.year ?? 0) > (to.year ?? 0);
  return orderOf(from, from) > orderOf(to, to);
}

const daysOfMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function checkDate(at: Position, date: DatePattern): Finding[] {
  if (exists(date)) return [];
  const { year, month, day } = date;
  const ofYear = year === null ? '' : ` of ${year}`;
  return [warning(at, `there is no day ${day ?? '*'} in month ${month ?? '*'}${ofYear}, so it never comes`)];
}

function exists({ year, month, day }: DatePattern): boolean {
  if (month !== null && (month < 1 || month > 12)) return false;
  if (day === null) return true;
  return day >= 1 && day <= (month === null ? 31 : daysIn(month, year));
}

/** Of a month in any year where `year` is null. */
function daysIn(month: number, year: number | null): number {
  if (month === 2 && year !== null && !isLeapYear(year)) return 28;
  return daysOfMonth[month - 1] ?? 0;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** In any year a date falls on every day of the week, sooner or later; so only years that are named are looked at. */
function neverTrue({ weekday, date }: TimeCondition): boolean {
  if (date === null) return false;
  const { from, to } = date;
  if (to === null && !exists(from)) return true;
  if (weekday === null || from.year === null) return false;
  // What fits no day in two years on end fits none in a longer range.
  const lastYear = Math.min(to?.year ?? from.year, from.year + 1);
  for (let year = from.year; year <= lastYear; year += 1)
    if (someDayOf(year, (day) => isDayInside({ weekday, date }, day))) return false;
  return true;
}

function someDayOf(year: number, isWanted: (day: Omit<LocalTime, 'minute'>) => boolean): boolean {
  let weekday = Temporal.PlainDate.from({ year, month: 1, day: 1 }).dayOfWeek;
  for (let month = 1; month <= 12; month += 1)
    for (let day = 1; day <= daysIn(month, year); day += 1) {
      if (isWanted({ year, month, day, weekday })) return true;
      weekday = (weekday % 7) + 1;
    }
  return false;
}

function error(at: Position, text: string): Finding {
  return { level: 'error', at, text };
}

function warning(at: Position, text: string): Finding {
  return { level: 'warning', at, text };
}
