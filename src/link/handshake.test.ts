import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WatchError } from '../model/errors.ts';
import { RefusedError } from './dial-link.ts';
import { encodeFrame } from './frame.ts';
import { protocolMax, type LinkMessage } from './messages.ts';
import { chooseProtocol } from './protocol.ts';
import { serverId, TestLink, welcome } from './testing/memory-link.ts';

const hello: LinkMessage = { type: 'hello', protocolMin: 1, protocolMax: 1, name: 'b', version: '1' };

test('hello and welcome open a link', async () => {
  const link = new TestLink();
  const accepting = link.accept();
  const dialing = link.dial();
  await link.settle();
  const dialed = await dialing;
  assert.deepEqual(dialed.welcome, {
    type: 'welcome',
    protocol: protocolMax,
    name: 'a',
    version: '1',
    coreId: serverId,
  });
  const accepted = await accepting;
  assert(accepted.accepted);
  assert.equal(accepted.hello.name, 'b');
  assert.equal(accepted.connection.peer.kind, 'agent');
});

test('what comes right behind the welcome waits for its reader', async () => {
  const link = new TestLink();
  const accepting = link.accept();
  const dialing = link.dial();
  const speaking = (async () => {
    const accepted = await accepting;
    assert(accepted.accepted);
    accepted.connection.send({ type: 'stored', batch: 1, copies: 2, wanted: 2 });
  })();
  await link.settle();
  const { connection } = await dialing;
  await speaking;
  await link.settle();
  const seen: LinkMessage[] = [];
  connection.onMessage((message) => seen.push(message));
  assert.deepEqual(seen, [{ type: 'stored', batch: 1, copies: 2, wanted: 2 }]);
});

test('who says no hello in time is refused', async () => {
  const link = new TestLink();
  const rude = link.rude();
  const accepting = link.accept();
  await link.settle(1_000);
  const accepted = await accepting;
  assert(!accepted.accepted);
  assert.equal(accepted.close.code, 'WK_TIMEOUT');
  assert.equal(rude.said[0]?.code, 'WK_TIMEOUT');
});

test('who is not welcomed in time gives up', async () => {
  const link = new TestLink();
  link.line.acceptor.onMessage(() => undefined);
  const dialing = assert.rejects(link.dial(), { code: 'WK_TIMEOUT' });
  await link.settle();
  await link.settle(2_000);
  await dialing;
});

const rudeness: readonly [string, readonly LinkMessage[]][] = [
  ['a ping before the hello', [{ type: 'ping', id: 1 }]],
  ['a batch before the hello', [{ type: 'batch', batch: 0, count: 1 }]],
  [
    'a welcome from the dialing side',
    [{ type: 'welcome', protocol: 1, name: 'x', version: '1', coreId: serverId }],
  ],
  ['a second hello', [hello, hello]],
  ['a batch before the welcome', [hello, { type: 'batch', batch: 0, count: 1 }]],
];
for (const [what, messages] of rudeness)
  test(`${what} is refused, and the connection closed`, async () => {
    const link = new TestLink();
    const rude = link.rude();
    const accepting = link.accept();
    for (const message of messages) rude.send(encodeFrame(message));
    await link.settle();
    const accepted = await accepting;
    assert(!accepted.accepted);
    assert.equal(accepted.close.because, 'refused by us');
    assert.equal(accepted.close.code, 'WK_FRAME');
    assert.deepEqual([rude.said[0]?.type, rude.said[0]?.code], ['refused', 'WK_FRAME']);
    assert.match(rude.closedWhy() ?? '', /not allowed/);
  });

test('a second hello after the welcome is refused too', async () => {
  const link = new TestLink();
  const rude = link.rude();
  const accepting = link.accept();
  rude.send(encodeFrame(hello));
  await link.settle();
  assert.ok((await accepting).accepted);
  rude.send(encodeFrame(hello));
  await link.settle();
  assert.equal(rude.said.at(-1)?.code, 'WK_FRAME');
  assert.match(rude.closedWhy() ?? '', /hello came after the greeting/);
});

test('a peer whose protocols are all unknown is told which ones are known', async () => {
  const link = new TestLink();
  const rude = link.rude();
  const accepting = link.accept();
  rude.send(encodeFrame({ ...hello, protocolMin: 7, protocolMax: 9 }));
  await link.settle();
  assert.ok(!(await accepting).accepted);
  assert.equal(rude.said[0]?.code, 'WK_PROTOCOL');
  assert.match(rude.said[0]?.text ?? '', new RegExp(`7 to 9.*1 to ${protocolMax}`));
  assert.equal(rude.said[0]?.retry, false);
});

test('the newest common protocol is chosen', () => {
  const range = (protocolMin: number, protocolMax: number) => ({ protocolMin, protocolMax });
  assert.equal(chooseProtocol(range(3, 4), range(2, 3)), 3);
  assert.equal(chooseProtocol(range(2, 3), range(3, 4)), 3);
  assert.equal(chooseProtocol(range(3, 4), range(1, 2)), null);
  assert.equal(chooseProtocol(range(1, 2), range(3, 4)), null);
  assert.equal(chooseProtocol(range(1, 9), range(5, 4)), null);
});

test('a refusal of the owner reaches the dialer with code, text and whether to try again', async () => {
  for (const retry of [true, false]) {
    const link = new TestLink();
    const accepting = link.accept(() => ({
      refuse: { code: 'WK_NODE_UNKNOWN', text: 'who are you', retry },
    }));
    const dialing = link.dial();
    void dialing.catch(() => undefined);
    await link.settle();
    await assert.rejects(dialing, (error) => {
      assert(error instanceof RefusedError);
      assert.deepEqual([error.code, error.retry], ['WK_NODE_UNKNOWN', retry]);
      assert.match(error.message, /who are you/);
      return true;
    });
    assert.ok(!(await accepting).accepted);
  }
});

test('an owner who throws refuses, and one who is slow finds a peer that left', async () => {
  const link = new TestLink();
  const throwing = link.accept(() => {
    throw new WatchError('WK_COORDINATOR_AWAY');
  });
  const dialing = link.dial();
  void dialing.catch(() => undefined);
  await link.settle();
  await assert.rejects(dialing, { code: 'WK_COORDINATOR_AWAY' });
  assert.ok(!(await throwing).accepted);

  const other = new TestLink();
  const { promise, resolve } = Promise.withResolvers<typeof welcome>();
  const slow = other.accept(() => promise);
  void other.dial().catch(() => undefined);
  await other.settle();
  other.line.cut();
  await other.settle();
  resolve(welcome);
  const accepted = await slow;
  assert(!accepted.accepted);
  assert.equal(accepted.close.because, 'the connection ended');
});

test('users have no place on the link', async () => {
  const link = new TestLink('user');
  const rude = link.rude();
  const accepting = link.accept();
  rude.send(encodeFrame(hello));
  await link.settle();
  assert.ok(!(await accepting).accepted);
  assert.match(rude.said[0]?.text ?? '', /from user to server/);
});
