import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideService } from './decide.ts';
import { parsePolicy } from './parse-policy.ts';

const facts = { severity: 'major', text: 'x', node: { name: 'db7' } } as const;

/** When service begins after `at`, by the clock on the wall in Oslo; `conditions` make the template of the service hours. */
function next(conditions: string, at: string, more = ''): string | null {
  const { policy } = parsePolicy(`TIMETEMPLATES
    TIMETEMPLATE "hours" DESCRIPTION "" TIMEZONETYPE Fix TIMEZONEVALUE "Europe/Oslo" TIMETMPLCONDS ${conditions}
    RESPMGRCONFIGS RESPMGRCONFIG DESCRIPTION "" MSGTARGETRULES
      MSGTARGETRULE DESCRIPTION "" MSGTARGETRULECONDS MSGOPERATIONS
        MSGOPERATION TIMETEMPLATE "hours" INSERVICE ${more}`);
  const epochMs = Temporal.ZonedDateTime.from(`${at}[Europe/Oslo]`).epochMilliseconds;
  const decision = decideService(policy, facts, { epochMs, nodeZone: 'UTC', serverZone: 'UTC' });
  if (decision.delivery !== 'held until service hours') return decision.delivery;
  const { untilMs } = decision;
  return untilMs === null
    ? null
    : Temporal.Instant.fromEpochMilliseconds(untilMs)
        .toZonedDateTimeISO('Europe/Oslo')
        .toPlainDateTime()
        .toString({ smallestUnit: 'minute' });
}

const office = 'TIMETMPLCOND TIME FROM 8:00 TO 16:59 WEEKDAY FROM Monday TO Friday';

test('a held message waits for the minute at which its service hours begin', () => {
  const cases: [string, string, string | null][] = [
    [office, '2026-11-18T07:30', '2026-11-18T08:00'],
    [office, '2026-11-18T08:00', 'at once'],
    [office, '2026-11-18T16:59:59', 'at once'],
    [office, '2026-11-18T17:00', '2026-11-19T08:00'],
    [office, '2026-11-20T17:00', '2026-11-23T08:00'],
    [`${office} TIMETMPLCOND TIMECONDTYPE Suppress DATE ON 11/23/*`, '2026-11-20T17:00', '2026-11-24T08:00'],
    // True but where it suppresses: service goes on with the minute behind that.
    ['TIMETMPLCOND TIMECONDTYPE Suppress TIME FROM 2:00 TO 3:29', '2026-11-18T02:10', '2026-11-18T03:30'],
    ['TIMETMPLCOND DATE ON 12/24/*', '2026-12-25T10:00', '2027-12-24T00:00'],
    ['TIMETMPLCOND DATE ON 02/30/*', '2026-12-25T10:00', null],
  ];
  for (const [conditions, at, wanted] of cases)
    assert.equal(next(conditions, at), wanted, `${conditions} at ${at}`);
});

test('service hours begin at the right minute when clocks change', () => {
  // In the night to 29 March clocks go from 02:00 to 03:00, in that to 25 October from 03:00 to 02:00.
  const night = 'TIMETMPLCOND TIME FROM 2:30 TO 3:29';
  assert.equal(
    next(night, '2026-03-29T01:00'),
    '2026-03-29T03:00',
    'the hour begins where the clock jumps into it',
  );
  assert.equal(next(night, '2026-03-28T01:00'), '2026-03-28T02:30');
  assert.equal(next('TIMETMPLCOND TIME FROM 8:00 TO 9:00', '2026-03-28T23:00'), '2026-03-29T08:00');
  assert.equal(next('TIMETMPLCOND TIME FROM 8:00 TO 9:00', '2026-10-24T23:00'), '2026-10-25T08:00');
});

test('of several service hours the first that begins counts', () => {
  const more = 'MSGOPERATION NOT TIMETEMPLATE "hours" INSERVICE';
  assert.equal(next(office, '2026-11-18T07:30', more), 'at once');
});
