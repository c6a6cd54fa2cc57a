import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPolicy, type PolicyKind } from './check-policy.ts';
import { agentTarget, decideService, decideTargets } from './decide.ts';
import { findingText } from './finding.ts';
import { mayAct, mayBecomePrimary } from './manager-rights.ts';
import type { MessageFacts } from './message-facts.ts';
import { systemText } from './print-policy.ts';
import type { FlexiblePolicy } from './syntax.ts';

const desk = `
TIMETEMPLATES
  TIMETEMPLATE "night" DESCRIPTION "weeknights"   # with "a quote" in a comment
    TIMEZONETYPE Fix TIMEZONEVALUE "Europe/Oslo"
    TIMETMPLCONDS
      TIMETMPLCOND TIMECONDTYPE Match    TIME FROM 18:00 TO 24:00 WEEKDAY FROM Monday TO Friday
      TIMETMPLCOND TIMECONDTYPE Match    TIME FROM 0:00  TO 6:00  WEEKDAY FROM Tuesday TO Saturday
      TIMETMPLCOND TIMECONDTYPE Suppress DATE ON 12/24/*
RESPMGRCONFIGS
  RESPMGRCONFIG DESCRIPTION "two members, one virtual interface"
    SECONDARYMANAGERS
      SECONDARYMANAGER NODE IP 0.0.0.0 "wk1.example.net" ID "3f0e7c1a-0000-4000-8000-000000000001" DESCRIPTION "a server"
      SECONDARYMANAGER NODE IP 0.0.0.0 "front.example.net" ID "3f0e7c1a-0000-4000-8000-0000000000ff"
    ACTIONALLOWMANAGERS
      ACTIONALLOWMANAGER NODE IP 0.0.0.0 "wk1.example.net"
      ACTIONALLOWMANAGER NODE $OPC_PRIMARY_MGR
    MSGTARGETRULES
      MSGTARGETRULE DESCRIPTION "databases at night to their own desk"
        MSGTARGETRULECONDS
          MSGTARGETRULECOND DESCRIPTION "db" SEVERITY Major Critical MSGGRP "Database"
          MSGTARGETRULECOND DESCRIPTION "but not test" NODE IP 0.0.0.0 "dbtest.example.net" MSGCONDTYPE Suppress
        MSGTARGETMANAGERS
          MSGTARGETMANAGER TIMETEMPLATE "night" OPCMGR IP 0.0.0.0 "dba.example.net"
      MSGTARGETRULE DESCRIPTION "rest"
        MSGTARGETRULECONDS
        MSGTARGETMANAGERS
          MSGTARGETMANAGER TIMETEMPLATE "$OPC_ALWAYS" OPCMGR $OPC_PRIMARY_MGR
`;

function good(text: string, kind: PolicyKind = 'agent'): FlexiblePolicy {
  const { policy, findings } = readPolicy(text, kind);
  assert.ok(policy, findings.map(findingText).join('\n'));
  return policy;
}

function found(text: string, kind: PolicyKind = 'agent'): string[] {
  return readPolicy(text, kind).findings.map((one) => `${one.level}: ${findingText(one)}`);
}

function message(facts: Partial<MessageFacts> = {}): MessageFacts {
  return {
    severity: 'critical',
    text: 'tablespace full',
    group: 'Database',
    node: { name: 'db7' },
    ...facts,
  };
}

function at(time: string): { epochMs: number; nodeZone: string; serverZone: string } {
  const epochMs = Temporal.ZonedDateTime.from(`${time}[Europe/Oslo]`).epochMilliseconds;
  return { epochMs, nodeZone: 'America/New_York', serverZone: 'UTC' };
}

function targetOf(text: string, facts: Partial<MessageFacts>, time: string): string {
  return systemText(agentTarget(decideTargets(good(text), message(facts), at(time))));
}

test('a message goes where the rules say at that hour', () => {
  assert.deepEqual(found(desk), []);
  const dba = 'IP 0.0.0.0 "dba.example.net"';
  const primary = '$OPC_PRIMARY_MGR';
  assert.equal(targetOf(desk, {}, '2026-11-18T19:30'), dba, 'Wednesday evening');
  assert.equal(
    targetOf(desk, {}, '2026-11-18T07:30'),
    primary,
    'Wednesday morning: the only target is out of time',
  );
  assert.equal(
    targetOf(desk, { node: { name: 'DBtest.example.net' } }, '2026-11-18T19:30'),
    primary,
    'a test node',
  );
  assert.equal(targetOf(desk, {}, '2026-12-24T19:30'), primary, 'a date that is taken out');
  assert.equal(targetOf(desk, { severity: 'minor' }, '2026-11-18T19:30'), primary, 'minor');
  assert.equal(targetOf(desk, {}, '2026-11-21T05:59'), dba, 'the night to Saturday');
  assert.equal(targetOf(desk, {}, '2026-11-21T06:00'), dba, 'the last minute is inside');
  assert.equal(targetOf(desk, {}, '2026-11-21T06:01'), primary, 'Saturday morning');
  assert.equal(targetOf(desk, {}, '2026-11-21T19:00'), primary, 'Saturday evening');
});

test('an explanation says of each rule why it did or did not decide', () => {
  const { rule, steps } = decideTargets(good(desk), message(), at('2026-11-18T07:30'));
  assert.equal(rule?.description, 'rest');
  assert.deepEqual(
    steps.map(({ rule, because }) => `${rule.description}: ${because}`),
    [
      'databases at night to their own desk: nothing of it is in effect at this time',
      'rest: it takes every message',
    ],
  );
  assert.deepEqual(
    steps[0]?.conditions.map(({ result }) => result),
    [{ hit: true }, { hit: false, missed: 'NODE', tooCostly: false }],
  );
});

test('a zone that is not fixed is that of the node, or that of the server', () => {
  const inZone = (zone: string): string => `
    TIMETEMPLATES TIMETEMPLATE "day" DESCRIPTION "" ${zone}
      TIMETMPLCONDS TIMETMPLCOND TIME FROM 8:00 TO 17:00
    RESPMGRCONFIGS RESPMGRCONFIG DESCRIPTION "" MSGTARGETRULES MSGTARGETRULE DESCRIPTION ""
      MSGTARGETRULECONDS MSGTARGETMANAGERS MSGTARGETMANAGER TIMETEMPLATE "day" OPCMGR IP 10.0.0.1`;
  // 20:00 in Oslo is 14:00 in New York and 19:00 in UTC.
  assert.equal(targetOf(inZone(''), {}, '2026-11-18T20:00'), 'IP 10.0.0.1');
  assert.equal(
    targetOf(inZone('TIMEZONETYPE Local TIMEZONEVALUE ""'), {}, '2026-11-18T20:00'),
    'IP 10.0.0.1',
  );
  const server = inZone('TIMEZONETYPE Mgmtserver TIMEZONEVALUE ""');
  assert.equal(targetOf(server, {}, '2026-11-18T20:00'), '$OPC_PRIMARY_MGR');
  assert.equal(targetOf(server, {}, '2026-11-18T18:00'), 'IP 10.0.0.1');
});

test('service hours hold back, outages suppress, each by its own first rule', () => {
  const hours = good(
    `
TIMETEMPLATES
  TIMETEMPLATE "office" DESCRIPTION "" TIMEZONETYPE Fix TIMEZONEVALUE "Europe/Oslo"
    TIMETMPLCONDS TIMETMPLCOND TIME FROM 8:00 TO 16:59 WEEKDAY FROM Monday TO Friday
  TIMETEMPLATE "patch night" DESCRIPTION "" TIMEZONETYPE Fix TIMEZONEVALUE "Europe/Oslo"
    TIMETMPLCONDS TIMETMPLCOND DATE FROM 11/17/2026 TO 11/18/2026
CONDSTATUSVARS CONDSTATUSVAR "moving house" False
RESPMGRCONFIGS RESPMGRCONFIG DESCRIPTION "hours" MSGTARGETRULES
  MSGTARGETRULE DESCRIPTION "moving"
    MSGTARGETRULECONDS MSGTARGETRULECOND DESCRIPTION "" CONDSTATUSVAR "moving house"
    MSGOPERATIONS MSGOPERATION LOGONLY MSGOPERATION NOTIFICATION False
  MSGTARGETRULE DESCRIPTION "patches"
    MSGTARGETRULECONDS MSGTARGETRULECOND DESCRIPTION "" TEXT "^service <@.name> is down" ICASE
    MSGOPERATIONS MSGOPERATION TIMETEMPLATE "patch night" SUPPRESS
  MSGTARGETRULE DESCRIPTION "databases"
    MSGTARGETRULECONDS MSGTARGETRULECOND DESCRIPTION "" MSGGRP "Database"
    MSGOPERATIONS MSGOPERATION TIMETEMPLATE "office" INSERVICE
`,
    'server',
  );
  const down = message({ text: 'Service oracle is down' });
  const delivery = (facts: MessageFacts, time: string, variables = {}): string =>
    decideService(hours, facts, at(time), variables).delivery;
  assert.equal(delivery(down, '2026-11-18T03:00'), 'suppressed');
  assert.equal(
    delivery(down, '2026-11-19T03:00'),
    'held until service hours',
    'the patch rule is out of time',
  );
  assert.equal(delivery(message(), '2026-11-19T10:00'), 'at once');
  assert.equal(delivery(message(), '2026-11-19T17:00'), 'held until service hours');
  assert.equal(delivery(message({ group: 'Web' }), '2026-11-19T17:00'), 'at once');
  const moving = decideService(hours, down, at('2026-11-18T03:00'), { 'moving house': true });
  assert.equal(moving.delivery, 'logged only');
  assert.equal(moving.notification, false);
});

test('who may manage a node, and who may act on it', () => {
  const policy = good(desk);
  const id = '3f0e7c1a-0000-4000-8000-0000000000FF';
  assert.equal(mayBecomePrimary(policy, { name: 'renamed', coreId: id }), true, 'the core ID counts');
  assert.equal(mayBecomePrimary(policy, { name: 'dba.example.net' }), false);
  assert.equal(mayBecomePrimary(policy, { name: 'old.example.net', isPrimary: true }), true);
  assert.equal(mayAct(policy, { name: 'WK1.example.net' }), true);
  assert.equal(mayAct(policy, { name: 'front.example.net' }), false);
  assert.equal(mayAct(policy, { name: 'front.example.net', isPrimary: true }), true);
});

test('what is wrong is told with its line and what to write', () => {
  const template = (conditions: string): string =>
    desk.replace('TIMETMPLCOND TIMECONDTYPE Suppress DATE ON 12/24/*', `TIMETMPLCOND ${conditions}`);
  assert.deepEqual(found(template('WEEKDAY FROM Friday')), [
    'error: line 9, column 1: TIMETMPLCOND WEEKDAY FROM Friday needs TO, not RESPMGRCONFIGS'.replace(
      'TIMETMPLCOND ',
      '',
    ),
  ]);
  assert.deepEqual(found(template('TIME FROM 22:00 TO 6:00')), [
    'error: line 8, column 7: TIME FROM must be earlier than TO; over midnight it takes two conditions, one TO 24:00 and one FROM 0:00',
  ]);
  assert.deepEqual(found(template('WEEKDAY ON Friday DATE ON 01/01/2026')), [
    'warning: line 8, column 7: this condition can never be true: no day fits its dates and days of the week',
  ]);
  assert.deepEqual(found(template('DATE ON 10/35/*')), [
    'warning: line 8, column 7: there is no day 35 in month 10, so it never comes',
  ]);
  assert.deepEqual(found(desk.replace('TIMETEMPLATE "night" OPCMGR', 'TIMETEMPLATE "nihgt" OPCMGR')), [
    'warning: line 3, column 16: no rule uses the time template "night"',
    'error: line 23, column 11: no time template "nihgt" is defined',
  ]);
  assert.match(
    found(desk.replace('"weeknights"', '"weeknights')).join('\n'),
    /perhaps the string of line 3, which goes on over lines/,
  );
  assert.deepEqual(found(desk.replace('"db" SEVERITY Major', '"db" SEVERITY Grave')), [
    'error: line 20, column 55: SEVERITY needs a severity (Unknown, Normal, Warning, Minor, Major, Critical), not Grave',
  ]);
});

test('one run tells of every error', () => {
  const text = desk
    .replace('18:00 TO 24:00', '18:00 TIL 24:00')
    .replace('SEVERITY Major', 'SEVERITY Grave')
    .replace('"wk1.example.net"\n', '"wk1.example.net" DESCRIPTION\n');
  assert.equal(found(text).filter((line) => line.startsWith('error')).length, 3, found(text).join('\n'));
});

test('what texts of other makers do wrong is read, with a warning', () => {
  const text = `
RESPMGRCONFIGS
  DESCRIPTION "no keyword"
    SECONDARYMANAGERS
      SECONDARYMANAGER NODE "wk1.example.net"
    ACTIONALLOWMANAGERS
      ACTIONALLOWMANGER NODE IP 192.0.2.7
    MESSAGETARGETRULECONDS
      MSGTARGETRULECOND SEVERITY critical
    MSGTARGETMANAGERS
      MSGTARGETMANAGER TIMETEMPLATE "$OPC_ALWAYS" OPCMGR IP 192.0.2.7`;
  const lines = found(text);
  assert.ok(
    lines.every((line) => line.startsWith('warning')),
    lines.join('\n'),
  );
  assert.equal(lines.length, 6, lines.join('\n'));
  assert.equal(targetOf(text, {}, '2026-11-18T19:30'), 'IP 192.0.2.7');
});

test('an agent and a server have different rules', () => {
  const forward = desk
    .replace('OPCMGR IP 0.0.0.0 "dba.example.net"', '$&')
    .replace('"dba.example.net"', '"dba.example.net" MSGCONTROLLINGMGR');
  assert.match(found(forward).join('\n'), /between servers only/);
  assert.match(found(forward, 'server').join('\n'), /\$OPC_PRIMARY_MGR is known to agents only/);
  const hours = desk.replace(
    /MSGTARGETMANAGERS\s+MSGTARGETMANAGER TIMETEMPLATE "night".*/,
    'MSGOPERATIONS MSGOPERATION SUPPRESS',
  );
  assert.match(found(hours).join('\n'), /error: .*MSGOPERATIONS are for servers/);
});

test('a window keeps to the clock on the wall when summer begins and ends', () => {
  const policy = good(`
    TIMETEMPLATES TIMETEMPLATE "office" DESCRIPTION "" TIMEZONETYPE Fix TIMEZONEVALUE "Europe/Oslo"
      TIMETMPLCONDS TIMETMPLCOND TIME FROM 8:00 TO 15:59
    RESPMGRCONFIGS RESPMGRCONFIG DESCRIPTION "" MSGTARGETRULES MSGTARGETRULE DESCRIPTION ""
      MSGTARGETRULECONDS MSGTARGETMANAGERS MSGTARGETMANAGER TIMETEMPLATE "office" OPCMGR IP 10.0.0.1`);
  const changes: string[] = [];
  let last = '';
  // Minute by minute through the Saturday and the Sunday on which clocks go back.
  const from = Temporal.Instant.from('2026-10-24T00:00Z').epochMilliseconds;
  for (let minute = 0; minute < 2 * 1_440; minute += 1) {
    const epochMs = from + minute * 60_000;
    const decided = decideTargets(policy, message(), { epochMs, nodeZone: 'UTC', serverZone: 'UTC' });
    const target = systemText(agentTarget(decided));
    if (target !== last)
      changes.push(`${Temporal.Instant.fromEpochMilliseconds(epochMs).toString()} ${target}`);
    last = target;
  }
  assert.deepEqual(changes, [
    '2026-10-24T00:00:00Z $OPC_PRIMARY_MGR',
    '2026-10-24T06:00:00Z IP 10.0.0.1',
    '2026-10-24T14:00:00Z $OPC_PRIMARY_MGR',
    '2026-10-25T07:00:00Z IP 10.0.0.1',
    '2026-10-25T15:00:00Z $OPC_PRIMARY_MGR',
  ]);
});

test('what cannot be read is told alone, not what is missing because of it', () => {
  const told = readPolicy('TIMETEMPLATE "night" RESPMGRCONFIGS', 'agent').findings.filter(
    ({ level }) => level === 'error',
  );
  assert.equal(told.length, 1, told.map(findingText).join('; '));
  const [empty] = readPolicy('TIMETEMPLATES', 'agent').findings;
  assert.match(empty?.text ?? '', /has no RESPMGRCONFIGS/);
});
