import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WatchError } from '../model/errors.ts';
import type { LinkClose, LinkConnection } from './connection.ts';
import { encodeFrame } from './frame.ts';
import { laneLimits } from './lanes.ts';
import { linkMessageSchemas, type LinkMessage, type LinkMessageType } from './messages.ts';
import { TestLink } from './testing/memory-link.ts';

function collect(connection: LinkConnection): { seen: LinkMessage[]; closes: LinkClose[] } {
  const seen: LinkMessage[] = [];
  const closes: LinkClose[] = [];
  connection.onMessage((message) => seen.push(message));
  connection.onClose((close) => closes.push(close));
  return { seen, closes };
}

const stored: LinkMessage = { type: 'stored', batch: 1, copies: 2, wanted: 2 };

test('messages and bodies cross the link', async () => {
  const link = new TestLink();
  const { dialer, acceptor } = await link.open();
  const bodies: string[] = [];
  acceptor.onMessage((message, body) => bodies.push(`${message.type} ${Buffer.from(body).toString()}`));
  const { seen } = collect(dialer);
  assert.equal(dialer.send({ type: 'batch', batch: 1, count: 3 }, Buffer.from('abc')), 'taken');
  acceptor.send(stored);
  await link.settle();
  assert.deepEqual(bodies, ['batch abc']);
  assert.deepEqual(seen, [stored]);
});

/** One valid message of each type that an agent has no right to say on an open link. */
const samples: Partial<Record<LinkMessageType, LinkMessage>> = {
  hello: { type: 'hello', protocolMin: 1, protocolMax: 1, name: 'x', version: '1' },
  welcome: {
    type: 'welcome',
    protocol: 1,
    name: 'x',
    version: '1',
    coreId: '00000000-0000-4000-8000-00000000000b',
  },
  stored,
  again: { type: 'again', batch: 1, code: 'X', text: 'x', afterMs: 0 },
  servers: { type: 'servers', servers: ['https://v:1'] },
  goBack: { type: 'goBack', text: 'x', servers: ['https://v:1'] },
  policies: { type: 'policies', generation: 1, digest: '' },
  action: { type: 'action', id: '0190a6f4-0000-7000-8000-0000000000ff' },
  actionGo: { type: 'actionGo', id: '0190a6f4-0000-7000-8000-0000000000ff', withinMs: 1 },
  actionReportsStored: { type: 'actionReportsStored', batch: 1, copies: 1, wanted: 1 },
  depotPart: { type: 'depotPart', sha256: '0'.repeat(64), offset: 0, totalBytes: 1 },
  depotNone: { type: 'depotNone', sha256: '0'.repeat(64) },
  depotHave: { type: 'depotHave', files: [] },
  entries: {
    type: 'entries',
    entries: [
      {
        origin: '00000000-0000-4000-8000-00000000000b.00000001',
        seq: 1,
        hlc: 1,
        kind: 'x',
        checksum: '',
        bytes: 0,
      },
    ],
  },
  positions: { type: 'positions', positions: {} },
  confirmPlease: { type: 'confirmPlease', round: 1, incarnation: 'x', ttlMs: 3_000 },
  confirmed: { type: 'confirmed', round: 1, incarnation: 'x', promised: true, because: '' },
  revoked: { type: 'revoked', revoked: [] },
  trust: { type: 'trust', authorities: ['pem'], signer: '00', spreadMs: 1 },
  standing: {
    type: 'standing',
    lineage: '00000000-0000-4000-8000-00000000000b',
    before: [],
    session: 1,
    revision: 1,
    endpoints: [],
  },
  trimmed: { type: 'trimmed', origin: '00000000-0000-4000-8000-00000000000b.00000001', from: 1 },
  snapshotPlease: { type: 'snapshotPlease' },
  share: { type: 'share', batch: 1, count: 1 },
  snapshotPart: { type: 'snapshotPart', offset: 0, totalBytes: 0, last: true },
};
const agentMaySay: readonly LinkMessageType[] = [
  'refused',
  'ping',
  'pong',
  'batch',
  'policiesRunning',
  'actionReady',
  'actionReports',
  'depotPlease',
];

for (const type of Object.keys(linkMessageSchemas) as LinkMessageType[])
  if (!agentMaySay.includes(type))
    test(`an agent that says ${type} on an open link is refused and nothing is handed on`, async () => {
      const message = samples[type];
      assert(message, `add a sample of ${type}`);
      const link = new TestLink();
      const { acceptor } = await link.open();
      const { seen, closes } = collect(acceptor);
      link.line.dialer.send(encodeFrame(message));
      await link.settle();
      assert.deepEqual(seen, []);
      assert.deepEqual([closes[0]?.because, closes[0]?.code], ['refused by us', 'WK_FRAME']);
    });

test('the first bad frame closes, and says why to both', async () => {
  const link = new TestLink();
  const { dialer, acceptor } = await link.open();
  const atDialer = collect(dialer);
  const atAcceptor = collect(acceptor);
  link.line.dialer.send(Buffer.from('nonsense'));
  link.line.dialer.send(encodeFrame({ type: 'batch', batch: 1, count: 1 }));
  await link.settle();
  assert.deepEqual(atAcceptor.seen, []);
  assert.equal(atAcceptor.closes[0]?.because, 'refused by us');
  assert.match(atAcceptor.closes[0]?.text ?? '', /frame that is not valid/);
  assert.deepEqual(
    atDialer.closes.map(({ because, code }) => [because, code]),
    [['refused by the peer', 'WK_FRAME']],
  );
  assert.equal(dialer.send({ type: 'batch', batch: 2, count: 1 }), 'closed');
});

test('a handler that throws a WatchError refuses the peer with it', async () => {
  const link = new TestLink();
  const { dialer, acceptor } = await link.open();
  const { closes } = collect(dialer);
  acceptor.onMessage(() => {
    throw new WatchError('WK_TOO_LARGE', 'too much at once');
  });
  dialer.send({ type: 'batch', batch: 1, count: 1 });
  await link.settle();
  assert.deepEqual(closes, [
    { because: 'refused by the peer', code: 'WK_TOO_LARGE', text: 'too much at once', retry: false },
  ]);
});

test('the bulk lane is bounded, and an urgent message overtakes it', async () => {
  const link = new TestLink('server');
  const limits = { ...laneLimits, unsentBytesMax: 100_000, bulkBytesMax: 500_000, bulkItemsMax: 100 };
  const opened = await link.open(limits);
  const { seen } = collect(opened.dialer);
  link.line.setDeaf('dialer', true);
  const body = new Uint8Array(50_000);
  let taken = 0;
  const part = (offset: number): LinkMessage => ({
    type: 'snapshotPart',
    offset,
    totalBytes: 1,
    last: false,
  });
  while (opened.acceptor.send(part(taken), body) === 'taken') taken += 1;
  assert.ok(taken >= 10 && taken <= 13, `${taken} taken`);
  assert.ok(link.line.acceptor.bufferedBytes < 160_000);
  opened.acceptor.send({ type: 'positions', positions: {} });
  const rooms: boolean[] = [];
  const waiting = opened.acceptor.room().then((room) => rooms.push(room));
  await link.settle();
  assert.deepEqual(rooms, []);
  link.line.setDeaf('dialer', false);
  await link.settle();
  await waiting;
  assert.deepEqual(rooms, [true]);
  const urgentAt = seen.findIndex((message) => message.type === 'positions');
  assert.ok(urgentAt >= 1 && urgentAt <= 3, `urgent at ${urgentAt}`);
  const offsets = seen.flatMap((message) => (message.type === 'snapshotPart' ? [message.offset] : []));
  assert.deepEqual(
    offsets,
    Array.from({ length: taken }, (_, i) => i),
  );
});

test('an empty bulk lane takes a frame larger than its cap', async () => {
  const link = new TestLink('server');
  const { acceptor } = await link.open({ ...laneLimits, bulkBytesMax: 1_000 });
  const message: LinkMessage = { type: 'snapshotPart', offset: 0, totalBytes: 1, last: true };
  assert.equal(acceptor.send(message, new Uint8Array(100_000)), 'taken');
});

test('who waits for room learns that the connection has closed', async () => {
  const link = new TestLink('server');
  const { dialer, acceptor } = await link.open({ ...laneLimits, bulkItemsMax: 2 });
  collect(dialer);
  collect(acceptor);
  link.line.setDeaf('dialer', true);
  const message: LinkMessage = { type: 'snapshotPart', offset: 0, totalBytes: 1, last: false };
  while (acceptor.send(message, new Uint8Array(90_000)) === 'taken');
  const waiting = acceptor.room();
  link.line.cut();
  await link.settle();
  assert.equal(await waiting, false);
});

test('a peer that never reads urgent messages is given up', async () => {
  const link = new TestLink();
  const { acceptor, dialer } = await link.open({ ...laneLimits, urgentBytesMax: 1_000 });
  collect(dialer);
  const { closes } = collect(acceptor);
  link.line.setDeaf('dialer', true);
  for (let i = 0; i < 100; i++) acceptor.send(stored);
  await link.settle();
  assert.equal(closes[0]?.because, 'the peer does not read');
});

test('both ends notice a line that is silent without being closed', async () => {
  const link = new TestLink();
  const { dialer, acceptor } = await link.open();
  const closes = [collect(dialer).closes, collect(acceptor).closes];
  for (let second = 0; second < 10; second++) await link.settle(1_000);
  assert.equal(closes.flat().length, 0);
  assert.equal(dialer.roundTripMs, 0);
  link.line.setDeaf('dialer', true);
  link.line.setDeaf('acceptor', true);
  for (let second = 0; second < 5; second++) await link.settle(1_000);
  assert.deepEqual(
    closes.map((list) => list.map((close) => close.because)),
    [['the peer fell silent'], ['the peer fell silent']],
  );
});

test('a message for which the dialer has no right is our own bug', async () => {
  const link = new TestLink();
  const { dialer } = await link.open();
  assert.throws(() => dialer.send(stored), /we would have sent what is not allowed/);
});
