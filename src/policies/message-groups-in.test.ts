import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageGroupsIn } from './message-groups-in.ts';

test('a policy names the message groups that stand in it as they are, and none by a pattern or a template', () => {
  const conditions = [
    { match: 'a', group: 'Storage' },
    { match: '(?<what>b)', group: '${what}' },
    { match: 'c', group: 'Storage' },
    { match: 'd' },
  ];
  const log = { kind: 'log-file', name: 'log', path: '/var/log/x', conditions };
  assert.deepEqual(messageGroupsIn(log), ['Storage']);
  assert.deepEqual(messageGroupsIn({ kind: 'command', name: 'c', command: ['/bin/x'], group: 'OS' }), ['OS']);
  const text = `RESPMGRCONFIGS RESPMGRCONFIG DESCRIPTION "x" MSGTARGETRULES MSGTARGETRULE DESCRIPTION "r"
    MSGTARGETRULECONDS MSGTARGETRULECOND DESCRIPTION "c" MSGGRP "Database"
    MSGTARGETMANAGERS MSGTARGETMANAGER TIMETEMPLATE "$OPC_ALWAYS" OPCMGR $OPC_PRIMARY_MGR`;
  assert.deepEqual(messageGroupsIn({ kind: 'flexible-management', name: 'f', text }), ['Database']);
  const from = '2026-01-01T00:00:00Z';
  const until = '2026-01-02T00:00:00Z';
  const outage = { kind: 'outage', name: 'o', groups: ['Net*', 'Web'], from, until, because: 'b' };
  assert.deepEqual(messageGroupsIn(outage), ['Web']);
  assert.deepEqual(messageGroupsIn({ kind: 'unheard-of' }), []);
});
