import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rights } from '../../model/rights.ts';
import { nodeClock } from '../../runtime/node/clock.ts';
import type { RunningServer } from '../start-server.ts';
import { connectAgent, message } from '../testing/test-agent.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

const text = `TIMETEMPLATES
  TIMETEMPLATE "office" DESCRIPTION "" TIMEZONETYPE Fix TIMEZONEVALUE "Europe/Oslo" TIMETMPLCONDS
    TIMETMPLCOND TIME FROM 3:30 TO 16:59
  TIMETEMPLATE "move" DESCRIPTION "" TIMEZONETYPE Fix TIMEZONEVALUE "Europe/Oslo" TIMETMPLCONDS
    TIMETMPLCOND DATE ON 03/29/2026
RESPMGRCONFIGS
  RESPMGRCONFIG DESCRIPTION "hours"
    MSGTARGETRULES
      MSGTARGETRULE DESCRIPTION "the move"
        MSGTARGETRULECONDS
          MSGTARGETRULECOND DESCRIPTION "storage" MSGGRP "Storage"
        MSGOPERATIONS
          MSGOPERATION TIMETEMPLATE "move" SUPPRESS
      MSGTARGETRULE DESCRIPTION "chatter"
        MSGTARGETRULECONDS
          MSGTARGETRULECOND DESCRIPTION "normal" SEVERITY Normal
        MSGOPERATIONS
          MSGOPERATION LOGONLY
      MSGTARGETRULE DESCRIPTION "by day"
        MSGTARGETRULECONDS
          MSGTARGETRULECOND DESCRIPTION "web" MSGGRP "Web"
        MSGOPERATIONS
          MSGOPERATION TIMETEMPLATE "office" INSERVICE
`;
const source = { kind: 'server-flexible-management', name: 'hours', text };

/** Servers on a wall clock that the test moves, with an agent that can say something at any time. */
async function pool(count: number, startMs: number) {
  const wall = { nowMs: startMs };
  const clock = { ...nodeClock, wallMs: () => wall.nowMs, timeZone: () => 'UTC' };
  const servers = await TestServers.start(count, { runtime: { clock } });
  const [first] = servers.running;
  assert.ok(first);
  const agent = await connectAgent(servers, first, await servers.enrolNode('web1'));
  const say = (text: string, group: string, severity: 'critical' | 'normal' = 'critical') =>
    agent.answerTo(agent.send([{ ...message(text), group, severity, createdMs: wall.nowMs }]));
  return { servers, first, wall, say };
}

/** `open`, or what became of the message and until when. */
function stateOf({ view }: RunningServer, text: string): string {
  const found = view.page({ order: 'oldest', limit: 1_000 }).messages.find((one) => one.text === text);
  if (!found) return 'not here';
  const last = view.message(found.id)?.operations.at(-1);
  const until = last?.decision?.untilMs;
  const handling = last?.decision?.handling ?? (last ? last.kind : '');
  const when = until === null || until === undefined ? '' : ` until ${new Date(until).toISOString()}`;
  return [found.state, handling].filter(Boolean).join(', ') + when;
}

test('outages suppress, chatter is logged only, and service hours hold until the right minute of a change to summer time', async () => {
  // In Oslo clocks go from 02:00 to 03:00 at 01:00 UTC of 29 March.
  const { servers, first, wall, say } = await pool(1, Date.UTC(2026, 2, 29, 0, 30));
  await using _ = servers;
  servers.act(first, 1);
  await say('before there was a policy', 'Web');
  await first.view.policies.set('hours', { source }, 'ann');
  const is = (text: string, wanted: string) =>
    eventually(`${text} is ${wanted}, not ${stateOf(first, text)}`, () => stateOf(first, text) === wanted);
  await eventually('the acting server follows', () => first.view.poolStatus().serverRules.active);
  await say('disk gone', 'Storage');
  await say('all is well', 'Web', 'normal');
  await say('page slow', 'Web');
  await say('power gone', 'Room');
  await is('disk gone', 'acknowledged, suppressed');
  await is('all is well', 'acknowledged, logged only');
  await is('page slow', 'acknowledged, held until 2026-03-29T01:30:00.000Z');
  await is('power gone', 'open');
  await is('before there was a policy', 'open');
  wall.nowMs = Date.UTC(2026, 2, 29, 1, 29, 59);
  await say('page slower', 'Web');
  await is('page slower', 'acknowledged, held until 2026-03-29T01:30:00.000Z');
  wall.nowMs += 1_000;
  await is('page slow', 'open, unacknowledge');
  await is('page slower', 'open, unacknowledge');
  assert.equal(first.view.poolStatus().serverRules.held, 0);
  const found = first.view.page({ order: 'oldest', limit: 10, text: 'disk gone' }).messages[0];
  assert.match(
    first.view.message(found?.id ?? '')?.operations[0]?.text ?? '',
    /^suppressed: rule "the move" \(line 9\) of policy hours, condition "storage" \(line 11\)$/,
  );
});

test('a successor goes on where the last one was; what it holds is released also when nobody wants it held any more', async () => {
  const { servers, first, say } = await pool(2, Date.UTC(2026, 5, 1, 20));
  await using _ = servers;
  const second = servers.running[1];
  assert.ok(second);
  const both = (text: string, wanted: string) =>
    eventually(
      `${text} is ${wanted} on both: ${stateOf(first, text)}; ${stateOf(second, text)}`,
      () => stateOf(first, text) === wanted && stateOf(second, text) === wanted,
    );
  const held = 'acknowledged, held until 2026-06-02T01:30:00.000Z';
  await first.view.policies.set('hours', { source }, 'ann');
  servers.act(first, 1);
  await eventually('followed', () => first.view.poolStatus().serverRules.active);
  await say('one', 'Web');
  await both('one', held);
  servers.act(first, null);
  await say('while nobody acted', 'Web');
  await say('noise while nobody acted', 'Web', 'normal');
  servers.act(second, 2);
  await both('while nobody acted', held);
  await both('noise while nobody acted', 'acknowledged, logged only');
  const text = source.text.replace('"office" INSERVICE', '"office" LOGONLY');
  await second.view.policies.set('hours', { source: { ...source, text } }, 'ann');
  await both('one', 'open, unacknowledge');
  await both('while nobody acted', 'open, unacknowledge');
  await second.view.policies.remove('hours', undefined, 'ann');
  await eventually('nothing is in force', () => !second.view.poolStatus().serverRules.active);
  await say('after it', 'Web', 'normal');
  await both('after it', 'open');
  const hashes = () => [first, second].map(({ view }) => view.poolStatus().server.stateHash);
  await eventually('both say the same', () => new Set(hashes()).size === 1);
});

test('a policy for servers is refused in a group, and one for agents knows no service hours', async () => {
  await using servers = await TestServers.start(1);
  const [first] = servers.running;
  assert.ok(first);
  const { policies } = first.view;
  await policies.set('hours', { source }, 'ann');
  const group = { nodes: ['web*'], groups: [], policies: ['hours'] };
  await assert.rejects(policies.setGroup('web', group, 'ann'), /policy hours is for servers: it is in force/);
  const other = { ...source, kind: 'flexible-management', name: 'desk' };
  await assert.rejects(policies.set('desk', { source: other }, 'ann'), /MSGOPERATIONS are for servers/);
  const bad = { ...source, text: text.replace('"office" INSERVICE', '"offices" INSERVICE') };
  await assert.rejects(
    policies.set('hours', { source: bad }, 'ann'),
    /line 23, column \d+: no time template "offices"/,
  );
});

test('where an hour comes twice in autumn, service hours keep to the clock on the wall, and end between the two', async () => {
  // In Oslo clocks go from 03:00 to 02:00 at 01:00 UTC of 25 October: 02:30 is at 00:30 and at 01:30 UTC.
  const { servers, first, wall, say } = await pool(1, Date.UTC(2026, 9, 25, 0, 20));
  await using _ = servers;
  servers.act(first, 1);
  const fromHalfPastTwo = { ...source, text: text.replace('FROM 3:30', 'FROM 2:30') };
  await first.view.policies.set('hours', { source: fromHalfPastTwo }, 'ann');
  const is = (text: string, wanted: string) =>
    eventually(`${text} is ${wanted}, not ${stateOf(first, text)}`, () => stateOf(first, text) === wanted);
  await eventually('the acting server follows', () => first.view.poolStatus().serverRules.active);
  await say('at the first 02:20', 'Web');
  await is('at the first 02:20', 'acknowledged, held until 2026-10-25T00:30:00.000Z');
  wall.nowMs = Date.UTC(2026, 9, 25, 0, 30);
  await is('at the first 02:20', 'open, unacknowledge');
  await say('at the first 02:30', 'Web');
  await is('at the first 02:30', 'open');
  wall.nowMs = Date.UTC(2026, 9, 25, 1, 10);
  await say('at the second 02:10', 'Web');
  await is('at the second 02:10', 'acknowledged, held until 2026-10-25T01:30:00.000Z');
  wall.nowMs = Date.UTC(2026, 9, 25, 1, 29, 59);
  await say('at the second 02:29', 'Web');
  await is('at the second 02:29', 'acknowledged, held until 2026-10-25T01:30:00.000Z');
  wall.nowMs += 1_000;
  await is('at the second 02:10', 'open, unacknowledge');
  await is('at the second 02:29', 'open, unacknowledge');
});

const switchedText = `CONDSTATUSVARS
  CONDSTATUSVAR "move-day" False
RESPMGRCONFIGS
  RESPMGRCONFIG DESCRIPTION "move"
    MSGTARGETRULES
      MSGTARGETRULE DESCRIPTION "while we move"
        MSGTARGETRULECONDS
          MSGTARGETRULECOND DESCRIPTION "moving" MSGGRP "Web" CONDSTATUSVAR "move-day"
        MSGOPERATIONS
          MSGOPERATION TIMETEMPLATE "$OPC_ALWAYS" LOGONLY
      MSGTARGETRULE DESCRIPTION "chatter"
        MSGTARGETRULECONDS
          MSGTARGETRULECOND DESCRIPTION "normal" SEVERITY Normal
        MSGOPERATIONS
          MSGOPERATION LOGONLY
`;

test('a condition status variable is switched while everything runs, and goes back to what policies declare', async () => {
  const { servers, first, say } = await pool(2, Date.UTC(2026, 5, 1, 20));
  await using _ = servers;
  const second = servers.running[1] ?? assert.fail();
  servers.act(first, 1);
  const { policies } = second.view;
  await policies.set('move', { source: { ...source, name: 'move', text: switchedText } }, 'ann');
  await eventually('the acting server follows', () => first.view.poolStatus().serverRules.active);
  const is = (text: string, wanted: string) =>
    eventually(`${text} is ${wanted}, not ${stateOf(second, text)}`, () => stateOf(second, text) === wanted);
  const place = { kind: 'status-variable', name: 'move-day' } as const;
  const ann = { name: 'ann', coreId: null, rights: new Rights([{ right: 'configure' }]) };
  const set = async (content: { value: boolean } | null, revision: number) => {
    const change = { ...place, revision, content };
    const options = { via: 'status-variable set', hold: false };
    return { revision: await second.view.config.apply([change], ann, options) };
  };
  // Messages are decided in their order: once the second is, the first was.
  await say('before', 'Web');
  await say('chatter after it', 'Room', 'normal');
  await is('chatter after it', 'acknowledged, logged only');
  const { revision: now } = await set({ value: true }, 0);
  const [shown] = first.view.statusVariables();
  assert.deepEqual(
    { ...shown, switched: shown?.switched && { ...shown.switched, changedMs: 0 } },
    {
      name: 'move-day',
      switched: { value: true, by: 'ann', changedMs: 0 },
      declared: [{ policy: 'move', initially: false }],
    },
  );
  await say('while moving', 'Web');
  const asked = { severity: 'major', text: 'asked', node: { name: 'web1' }, group: 'Web' } as const;
  const { handling } = policies.explain({ message: asked, atMs: Date.UTC(2026, 5, 1, 20) });
  assert.equal(handling?.what, 'logged only');
  assert.match(handling.because, /^rule "while we move" \(line \d+\) of policy move/);
  await is('while moving', 'acknowledged, logged only');
  await is('before', 'open');
  await set(null, now);
  await eventually('it is known', () => first.view.statusVariables()[0]?.switched === null);
  await say('after', 'Web');
  await say('chatter at last', 'Room', 'normal');
  await is('chatter at last', 'acknowledged, logged only');
  assert.equal(policies.explain({ message: asked, atMs: 0 }).handling, null);
  await is('after', 'open');
});
