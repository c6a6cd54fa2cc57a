import type {
  ConditionType,
  DatePattern,
  DateRange,
  MinuteRange,
  TimeCondition,
  TimeTemplate,
  WeekdayRange,
} from './syntax.ts';
import { SyntaxProblem, type TokenReader } from './token-reader.ts';
import { listed, oneOf, weekdays } from './words.ts';

const zoneTypes = ['Fix', 'Local', 'Mgmtserver'] as const;
const conditionTypes = ['Match', 'Suppress', 'Unmatch'] as const;

/** Behind the word TIMETEMPLATE. */
export function parseTimeTemplate(reader: TokenReader): TimeTemplate {
  const at = reader.at;
  const name = reader.string('a name');
  reader.expect('DESCRIPTION');
  const description = reader.string('a text');
  const zone = parseZone(reader);
  const conditions = reader.accept('TIMETMPLCONDS')
    ? reader.many(
        () => reader.keyword('TIMETMPLCOND') !== null,
        () => parseTimeCondition(reader),
        ['TIMETMPLCOND', 'TIMETEMPLATE', 'CONDSTATUSVARS', 'RESPMGRCONFIGS'],
      )
    : [];
  return { at, name, description, zone, conditions };
}

function parseZone(reader: TokenReader): TimeTemplate['zone'] {
  reader.begin();
  if (!reader.accept('TIMEZONETYPE')) return null;
  const type = reader.value(listed(zoneTypes), (word) => oneOf(zoneTypes, word));
  reader.expect('TIMEZONEVALUE');
  return { type, value: reader.string('the name of a time zone') };
}

/** Parts may stand in any order, each once. */
function parseTimeCondition(reader: TokenReader): TimeCondition {
  const at = reader.begin();
  reader.expect('TIMETMPLCOND');
  let type: ConditionType | null = null;
  let time: MinuteRange | null = null;
  let weekday: WeekdayRange | null = null;
  let date: DateRange | null = null;
  for (;;) {
    const partAt = reader.begin();
    const part = reader.keyword('TIMECONDTYPE', 'TIME', 'WEEKDAY', 'DATE');
    if (part === null) return { at, type: type ?? 'Match', time, weekday, date };
    reader.expect(part);
    if ({ TIMECONDTYPE: type, TIME: time, WEEKDAY: weekday, DATE: date }[part] !== null)
      throw new SyntaxProblem(partAt, `${part} stands twice in one TIMETMPLCOND; write two of them`);
    if (part === 'TIMECONDTYPE') type = parseConditionType(reader);
    else if (part === 'TIME') time = parseMinutes(reader);
    else if (part === 'WEEKDAY') weekday = parseWeekdays(reader);
    else date = parseDates(reader);
  }
}

export function parseConditionType(reader: TokenReader): ConditionType {
  return reader.value(listed(conditionTypes), (word) => oneOf(conditionTypes, word));
}

function parseMinutes(reader: TokenReader): MinuteRange {
  reader.expect('FROM');
  const from = reader.value('a time like 8:30', minuteOf);
  reader.expect('TO');
  return { from, to: reader.value('a time like 18:00', minuteOf) };
}

function minuteOf(word: string): number | null {
  const [, hour, minute] = /^(\d{1,2}):(\d\d)$/.exec(word) ?? [];
  if (hour === undefined || Number(minute) > 59) return null;
  const minutes = Number(hour) * 60 + Number(minute);
  return minutes <= 1_440 ? minutes : null;
}

function parseWeekdays(reader: TokenReader): WeekdayRange {
  const day = (): number => reader.value('a day of the week', weekdayOf);
  if (reader.accept('ON')) {
    const on = day();
    return { from: on, to: on };
  }
  if (!reader.accept('FROM')) throw reader.needs('ON or FROM');
  const from = day();
  reader.expect('TO');
  return { from, to: day() };
}

function weekdayOf(word: string): number | null {
  const day = oneOf(weekdays, word);
  return day === null ? null : weekdays.indexOf(day) + 1;
}

function parseDates(reader: TokenReader): DateRange {
  const date = (): DatePattern => reader.value('a date like 12/24/2026, 12/24/* or */*/01', dateOf);
  if (reader.accept('ON')) return { from: date(), to: null };
  if (!reader.accept('FROM')) throw reader.needs('ON or FROM');
  const from = date();
  reader.expect('TO');
  return { from, to: date() };
}

/** `MM/DD/YYYY`, `MM/DD/YY`, `MM/DD/*`; with four digits or a star in front `YYYY/MM/DD`, where each may be a star. */
function dateOf(word: string): DatePattern | null {
  const parts = word.split('/');
  const [first = '', second = '', third = ''] = parts;
  if (parts.length !== 3 || !parts.every((part) => /^(\d{1,4}|\*)$/.test(part))) return null;
  if (first === '*' || first.length === 4)
    return isPart(second) && isPart(third)
      ? { year: numberOf(first), month: numberOf(second), day: numberOf(third) }
      : null;
  if (first.length > 2 || !/^\d{1,2}$/.test(second) || !/^(\d\d|\d{4}|\*)$/.test(third)) return null;
  return { year: yearOf(third), month: Number(first), day: Number(second) };
}

function isPart(part: string): boolean {
  return part === '*' || part.length <= 2;
}

function numberOf(part: string): number | null {
  return part === '*' ? null : Number(part);
}

/** Of two digits: 70 to 99 are of the last century. */
function yearOf(part: string): number | null {
  if (part.length !== 2) return numberOf(part);
  return Number(part) + (Number(part) < 70 ? 2_000 : 1_900);
}
