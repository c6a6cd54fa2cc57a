import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoleDefinition } from '../../model/definitions.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import type { Listener } from '../../runtime/network.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { Grants } from './grants.ts';
import { VirtualInterfaces } from './virtual-interfaces.ts';

const role = 'virtual-interface/front';
const definition: RoleDefinition = {
  role,
  carrier: { kind: 'listen', host: '127.0.0.1', port: 5_000 },
  order: [],
  failback: 'manual',
  pinned: null,
};

function setUp(own = { host: '10.0.0.11', port: 5_000 }) {
  const time = manualTime(0);
  const grants = new Grants(time);
  const heard: string[] = [];
  const pending: PromiseWithResolvers<Listener>[] = [];
  let known: RoleDefinition | null = definition;
  const interfaces = new VirtualInterfaces({
    ...time,
    grants,
    log: silentLog,
    definition: () => known,
    own,
    listen: () => {
      pending.push(Promise.withResolvers<Listener>());
      return pending.at(-1)?.promise ?? Promise.reject(new Error('none'));
    },
    took: ({ epoch }) => heard.push(`took ${epoch}`),
    released: (_role, epoch) => heard.push(`released ${epoch}`),
  });
  const listener: Listener = {
    host: '127.0.0.1',
    port: 5_000,
    replaceCredentials: () => undefined,
    showByName: () => undefined,
    recheck: () => undefined,
    close: () => Promise.resolve(void heard.push('closed')),
  };
  const grant = (epoch: number) =>
    grants.replace([{ role, epoch, deadlineMs: time.clock.monotonicMs() + 1_000, because: 'first holder' }]);
  const pass = async (ms: number): Promise<void> => {
    time.advance(ms);
    await new Promise(setImmediate);
  };
  const define = (now: RoleDefinition | null): void => void (known = now);
  return { grants, interfaces, heard, pending, listener, grant, pass, define };
}

test('a role that is lost while its port is being bound is not called released before that is closed', async () => {
  const { grants, interfaces, heard, pending, listener, grant, pass } = setUp();
  grant(1);
  grants.replace([]);
  await pass(0);
  assert.deepEqual(heard, []);
  pending[0]?.resolve(listener);
  await pass(0);
  assert.deepEqual([heard, interfaces.listeners()], [['closed', 'released 1'], []]);
});

test('a grant that comes before its definition is bound once that is here', async () => {
  const { interfaces, pending, listener, grant, pass, define } = setUp();
  define(null);
  grant(1);
  await pass(60);
  assert.equal(pending.length, 0);
  define(definition);
  await pass(60);
  pending[0]?.resolve(listener);
  await pass(0);
  assert.equal(interfaces.answers('front'), true);
});

test('a port that is taken is tried again while the role is ours, and no longer', async () => {
  const { interfaces, pending, heard, grant, pass } = setUp();
  grant(1);
  pending[0]?.reject(new Error('in use'));
  await pass(0);
  await pass(60);
  assert.equal(pending.length, 2);
  pending[1]?.reject(new Error('in use'));
  await pass(1_000);
  await pass(1_000);
  assert.deepEqual([pending.length, heard, interfaces.listeners()], [2, ['released 1'], []]);
});

test('an address behind a load balancer is answered for while the role is ours, without a port of its own', async () => {
  const { grants, interfaces, heard, pending, grant, pass, define } = setUp();
  define({ ...definition, carrier: { kind: 'load-balancer', host: 'front.example.net', port: 443 } });
  grant(1);
  await pass(0);
  assert.deepEqual([interfaces.answers('front'), interfaces.listeners(), pending.length], [true, [], 0]);
  assert.deepEqual(heard, ['took 1']);
  grants.replace([]);
  await pass(0);
  assert.equal(interfaces.answers('front'), false);
  assert.deepEqual(heard, ['took 1', 'released 1']);
});

test('a virtual interface is taken when it answers, not when it is granted', async () => {
  const { heard, pending, listener, grant, pass } = setUp();
  grant(1);
  await pass(0);
  assert.deepEqual(heard, []);
  pending[0]?.resolve(listener);
  await pass(0);
  assert.deepEqual(heard, ['took 1']);
});

test('an address at a port that this server has everywhere needs no listener of its own', async () => {
  const { interfaces, pending, heard, grants, grant, pass, define } = setUp({ host: '0.0.0.0', port: 5_000 });
  define({
    ...definition,
    carrier: { kind: 'address', address: '10.0.0.50', port: 5_000, interface: 'eth0', interfaces: {} },
  });
  grant(1);
  await pass(0);
  assert.equal(interfaces.answers('front'), true);
  assert.equal(pending.length, 0);
  grants.replace([]);
  await pass(0);
  assert.deepEqual(heard, ['took 1', 'released 1']);
});

test('an address that is not there yet is bound as soon as it is', async () => {
  const { interfaces, pending, listener, grant, pass, define } = setUp();
  define({
    ...definition,
    carrier: { kind: 'address', address: '10.0.0.50', port: 5_000, interface: 'eth0', interfaces: {} },
  });
  grant(1);
  pending[0]?.reject(new Error('no such address'));
  await pass(0);
  await pass(25);
  pending[1]?.resolve(listener);
  await pass(0);
  assert.equal(interfaces.answers('front'), true);
});
