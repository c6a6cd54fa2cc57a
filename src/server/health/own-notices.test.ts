import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerDefinition, Session } from '../../model/definitions.ts';
import { ownNotices } from './own-notices.ts';

const own: ServerDefinition = {
  coreId: '00000000-0000-4000-8000-000000000001',
  name: 'm1',
  url: 'https://10.0.0.11:7100',
  joinedMs: 0,
};
const listen = { host: '10.0.0.11', port: 7_100 };
const session: Session = {
  coreId: own.coreId,
  incarnation: 'a.1',
  renewals: 1,
  ended: false,
  sinceMs: 0,
  renewedMs: 0,
  version: '1',
  healthy: true,
  because: 'virtual-interface/front: there is no network interface eth0 here',
  lagMs: 0,
  origin: null,
  ttlMs: 3_000,
  processes: [],
};

test('a server with nothing wrong says nothing', () => {
  assert.deepEqual(ownNotices(own, session, listen), []);
  assert.deepEqual(ownNotices(own, null, listen), []);
});

test('roles that it cannot carry are named with the reason', () => {
  const [notice] = ownNotices(own, { ...session, cannotCarry: ['virtual-interface/front'] }, listen);
  assert.equal(notice?.severity, 'major');
  assert.match(notice.text, /m1 cannot carry virtual-interface\/front \(.*no network interface eth0 here\)/);
});

test('an address that it publishes and does not listen at is a warning', () => {
  const [notice] = ownNotices({ ...own, interfaces: ['+fd00::1'] }, session, listen);
  assert.match(notice?.text ?? '', /publishes fd00::1 and listens at 10\.0\.0\.11 only/);
});
