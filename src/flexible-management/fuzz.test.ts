import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readPolicy } from './check-policy.ts';
import { decideService, decideTargets } from './decide.ts';

const words =
  'TIMETEMPLATES TIMETEMPLATE DESCRIPTION TIMEZONETYPE Fix Local TIMEZONEVALUE TIMETMPLCONDS TIMETMPLCOND TIMECONDTYPE Match Suppress TIME FROM TO 8:00 24:00 99:99 WEEKDAY ON Monday Friday DATE 12/24/* */*/01 2026/02/29 01/01/26 CONDSTATUSVARS CONDSTATUSVAR True RESPMGRCONFIGS RESPMGRCONFIG SECONDARYMANAGERS SECONDARYMANAGER NODE IP 0.0.0.0 IP6 ::1 OTHER ID $OPC_PRIMARY_MGR ACTIONALLOWMANAGERS ACTIONALLOWMANAGER MSGTARGETRULES MSGTARGETRULE MSGTARGETRULECONDS MSGTARGETRULECOND SEVERITY Major Critical MSGGRP TEXT ICASE SEPARATORS MSGCONDTYPE MSGTARGETMANAGERS MSGTARGETMANAGER OPCMGR NOTIFYMGR ACKNONLOCALMGR MSGOPERATIONS MSGOPERATION NOT INSERVICE SUPPRESS SYNTAX_VERSION 1 "" "a" "$OPC_ALWAYS" "<#.n>" "<*" " # \\"'.split(
    ' ',
  );

/** A policy that says something, as the ground that words are strewn over. */
const ground =
  'TIMETEMPLATES TIMETEMPLATE "a" DESCRIPTION "" TIMETMPLCONDS TIMETMPLCOND TIME FROM 8:00 TO 24:00 WEEKDAY ON Monday DATE ON 12/24/* RESPMGRCONFIGS RESPMGRCONFIG DESCRIPTION "" SECONDARYMANAGERS ACTIONALLOWMANAGERS MSGTARGETRULES MSGTARGETRULE DESCRIPTION "" MSGTARGETRULECONDS MSGTARGETRULECOND DESCRIPTION "" SEVERITY Major TEXT "<#.n>" MSGTARGETMANAGERS MSGTARGETMANAGER TIMETEMPLATE "a" OPCMGR IP 0.0.0.0 "a"'.split(
    ' ',
  );

const edits = fc.array(
  fc.record({
    at: fc.nat(ground.length),
    drop: fc.nat(2),
    words: fc.array(fc.constantFrom(...words), { maxLength: 3 }),
  }),
  { maxLength: 4 },
);

/** CPU time of this process: other programs on the machine cost none of it. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const moment = { epochMs: 1_767_225_600_000, nodeZone: 'Europe/Oslo', serverZone: 'UTC' };
const message = { severity: 'major', text: 'error 7', node: { name: 'a' } } as const;

test('no text crashes or holds up the reading, and what is accepted decides', () => {
  let accepted = 0;
  let slowestMs = 0;
  const runs = 5_000;
  const startedMs = cpuMs();
  fc.assert(
    fc.property(edits, fc.boolean(), fc.boolean(), (edits, isServer, isGlued) => {
      const tokens = [...ground];
      for (const { at, drop, words } of edits) tokens.splice(at, drop, ...words);
      const beganMs = cpuMs();
      const { policy } = readPolicy(tokens.join(isGlued ? '\n' : ' '), isServer ? 'server' : 'agent');
      if (policy !== null) {
        accepted += 1;
        decideTargets(policy, message, moment);
        decideService(policy, message, moment);
      }
      slowestMs = Math.max(slowestMs, cpuMs() - beganMs);
    }),
    { numRuns: runs },
  );
  const perSecond = runs / ((cpuMs() - startedMs) / 1_000);
  assert.ok(accepted > runs / 20, `only ${accepted} of ${runs} were accepted, so little was tried`);
  assert.ok(perSecond > 1_000, `${Math.round(perSecond)} policies a second`);
  assert.ok(slowestMs < 500, `the slowest took ${Math.round(slowestMs)} ms`);
});

test('large texts are read in time that grows with them', () => {
  const condition = 'TIMETMPLCOND WEEKDAY ON Monday DATE FROM 2026/*/30 TO 2027/*/30\n';
  const big = `TIMETEMPLATES TIMETEMPLATE "a" DESCRIPTION "" TIMETMPLCONDS\n${condition.repeat(10_000)}`;
  const startedMs = cpuMs();
  assert.equal(readPolicy(big, 'agent').policy, null);
  assert.equal(readPolicy(`"${'\\"'.repeat(400_000)}`, 'agent').policy, null);
  assert.equal(readPolicy('RESPMGRCONFIGS '.repeat(60_000), 'agent').policy, null);
  assert.ok(cpuMs() - startedMs < 10_000);
  assert.match(readPolicy('x'.repeat(2_000_000), 'agent').findings[0]?.text ?? '', /at most 1048576/);
});
