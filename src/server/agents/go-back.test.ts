import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualTime } from '../../runtime/manual-time.ts';
import { silentLog } from '../../runtime/node/log.ts';
import type { AgentConnection } from './gateway.ts';
import { GoBack, type PreferredInterface } from './go-back.ts';

const role = 'virtual-interface/front';

function setUp() {
  const time = manualTime(0);
  const told: string[] = [];
  let preferred: PreferredInterface | null = { role, isHeld: true, epoch: 1 };
  const goBack = new GoBack({
    ...time,
    log: silentLog,
    addresses: () => ({ servers: ['https://v:1'], interfaces: 1 }),
    preferred: () => preferred,
  });
  const agent = (name: string, change: Partial<AgentConnection> = {}): AgentConnection => {
    const connection = { send: () => void told.push(name) };
    return {
      node: { coreId: name, name, joinedMs: 0 },
      version: '1',
      // Only what is sent is looked at.
      connection: connection as unknown as AgentConnection['connection'],
      sinceMs: 0,
      dialled: 'https://m1:1',
      via: null,
      guestOf: null,
      system: null,
      ...change,
    };
  };
  const pass = (ms: number): void => {
    for (let passedMs = 0; passedMs < ms; passedMs += 500) time.advance(500);
  };
  const prefer = (now: PreferredInterface | null): void => void (preferred = now);
  return { goBack, told, agent, pass, prefer };
}

test('an agent is sent back once the interface is held steadily and all it brought is stored', () => {
  const { goBack, told, agent, pass, prefer } = setUp();
  prefer({ role, isHeld: false, epoch: 1 });
  let isIdle = false;
  goBack.add(agent('web1'), () => isIdle);
  pass(30_000);
  prefer({ role, isHeld: true, epoch: 2 });
  pass(30_000);
  assert.deepEqual(told, [], 'what it brought is not stored yet');
  isIdle = true;
  pass(1_500);
  assert.deepEqual(told, ['web1']);
  pass(30_000);
  assert.deepEqual(told, ['web1'], 'not told again and again');
  pass(60_000);
  assert.deepEqual(told, ['web1', 'web1']);
});

test('an interface that keeps moving is no place to send anybody', () => {
  const { goBack, told, agent, pass, prefer } = setUp();
  goBack.add(agent('web1'), () => true);
  for (let epoch = 2; epoch < 20; epoch++) {
    prefer({ role, isHeld: true, epoch });
    pass(4_000);
  }
  assert.deepEqual(told, []);
  pass(3_000);
  assert.deepEqual(told, ['web1']);
});

test('who came through the interface stays, and so do one that has gone, one of an old version, and all without one', () => {
  const { goBack, told, agent, pass, prefer } = setUp();
  goBack.add(agent('through it', { via: role }), () => true);
  goBack.add(agent('old', { dialled: null }), () => true);
  goBack.add(agent('gone'), () => true).remove();
  pass(30_000);
  assert.deepEqual(told, []);
  goBack.add(agent('web1'), () => true);
  prefer(null);
  pass(30_000);
  assert.deepEqual(told, []);
});

test('many agents are sent back in turn', () => {
  const { goBack, told, agent, pass } = setUp();
  for (let i = 0; i < 120; i++) goBack.add(agent(`n${i}`), () => true);
  pass(5_500);
  const first = told.length;
  assert.ok(first <= 50, `${first} at once`);
  pass(10_000);
  assert.equal(new Set(told).size, 120);
});
