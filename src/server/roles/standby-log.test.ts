import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from '../../runtime/log.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { StandbyLog } from './standby-log.ts';

const server = (name: string) => ({
  coreId: `00000000-0000-4000-8000-0000000000${name}`,
  name,
  url: `https://${name}:1`,
  joinedMs: 0,
});

test('a member is connected once and lost once, however often it is heard', () => {
  const lines: string[] = [];
  const log: Log = {
    ...silentLog,
    info: (text) => void lines.push(text),
    warn: (text) => void lines.push(`! ${text}`),
  };
  const standby = new StandbyLog({ log, ownName: 'm1', rank: () => 2 });
  standby.started([server('m2')]);
  standby.heard(server('m2'));
  standby.heard(server('m2'));
  standby.lost(server('m2'));
  standby.lost(server('m2'));
  standby.heard(server('m2'));
  assert.deepEqual(lines, [
    'standby support started: m1 is the secondary server',
    'connected to member m2',
    '! lost member m2',
    'connected to member m2',
  ]);
});
