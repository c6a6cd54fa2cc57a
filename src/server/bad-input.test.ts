import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFrame, encodeFrame } from '../link/frame.ts';
import type { LinkMessage } from '../link/messages.ts';
import { connectAgent, connectOptions, message, texts } from './testing/test-agent.ts';
import { eventually, TestServers } from './testing/test-servers.ts';

const hello = { type: 'hello', protocolMin: 1, protocolMax: 1, name: 'rude', version: '0' } as const;

function raw(header: string, announced = header.length): Uint8Array {
  const bytes = Buffer.alloc(4 + header.length);
  bytes.writeUInt32BE(announced);
  bytes.write(header, 4, 'latin1');
  return bytes;
}

const rude: readonly [what: string, frames: readonly Uint8Array[], code: string, text: RegExp][] = [
  ['a frame beyond the largest', [new Uint8Array(9 * 1_048_576)], '', /size|payload/i],
  ['a header beyond the largest', [raw('{}', 2 ** 31)], 'WK_FRAME', /too large/],
  ['a header that is too deep', [raw('['.repeat(50_000))], 'WK_FRAME', /too deep/],
  ['a header that is not JSON', [raw('hello?')], 'WK_FRAME', /not JSON/],
  ['a header that is not UTF-8', [raw('"\xff\xfe"')], 'WK_FRAME', /not UTF-8/],
  ['a type that is unknown', [raw('{"type":"shutdown"}')], 'WK_FRAME', /type is unknown/],
  [
    'a batch before the hello',
    [encodeFrame({ type: 'batch', batch: 1, count: 1 })],
    'WK_FRAME',
    /not allowed/,
  ],
  ['a second hello', [encodeFrame(hello), encodeFrame(hello)], 'WK_FRAME', /not allowed/],
  [
    'a hello without a name',
    [raw('{"type":"hello","protocolMin":1,"protocolMax":1,"version":"0"}')],
    'WK_FRAME',
    /name/,
  ],
  [
    'a hello under the name of another node',
    [encodeFrame({ ...hello, name: 'web2' })],
    'WK_DENIED',
    /says its node is web2, the pool knows it as rude/,
  ],
  [
    'a hello of a later protocol only',
    [encodeFrame({ ...hello, protocolMin: 90, protocolMax: 91 })],
    'WK_PROTOCOL',
    /upgrade the older one/,
  ],
];

test('a running server refuses what is no conversation by its name, and the other agents notice nothing', async (t) => {
  await using servers = await TestServers.start(1);
  const [a] = servers.running;
  assert.ok(a);
  const calm = await connectAgent(servers, a, await servers.enrolNode('calm'));
  const node = await servers.enrolNode('rude');
  const credentials = await servers.pool.credentials(node.identity);
  for (const [what, frames, code, text] of rude)
    await t.test(what, async () => {
      const transport = await servers.runtime.network.connect(connectOptions(servers, a, credentials));
      const said: LinkMessage[] = [];
      const closed = new Promise<string>((resolve) => transport.onClose(resolve));
      transport.onMessage((bytes) => said.push(decodeFrame(bytes).message));
      for (const frame of frames) transport.send(frame);
      const why = await closed;
      const refusal = said.find((one) => one.type === 'refused');
      assert.equal(refusal?.code ?? '', code);
      assert.match(refusal?.text ?? why, text);
    });
  assert.equal((await calm.answerTo(calm.send([message('calm')]))).type, 'stored');
  assert.deepEqual(texts(a), ['calm']);
  calm.close();
});

test('certificates that are missing or of another pool do not reach the link', async () => {
  await using servers = await TestServers.start(1);
  await using strangers = await TestServers.start(1);
  const [a] = servers.running;
  const [stranger] = strangers.running;
  assert.ok(a && stranger);
  const node = await strangers.enrolNode('web1');
  const theirs = await strangers.pool.credentials(node.identity);
  const believing = { ...theirs, authorityPems: [servers.pool.authority.certificatePem] };
  await assert.rejects(servers.runtime.network.connect(connectOptions(servers, a, believing)), {
    code: 'WK_UNAUTHENTICATED',
  });
  const trust = { authorityPems: [servers.pool.authority.certificatePem] };
  const answer = await servers.runtime.network.call({
    url: `${servers.urlOf(a)}/api/v1/messages`,
    method: 'GET',
    timeoutMs: 3_000,
    trust,
  });
  assert.equal(answer.status, 401);
  assert.match(JSON.parse(answer.body).error.text, /a certificate or a bearer token is needed/);
});

const badFields: readonly [object, RegExp][] = [
  [{ text: undefined }, /^text: /],
  [{ text: '' }, /^text: /],
  [{ text: 7 }, /^text: .*string/],
  [{ text: 'x'.repeat(8_193) }, /^text: .*8192/],
  [{ text: 'bell \u0007' }, /^text: contains control characters/],
  [{ text: 'half \ud800' }, /^text: contains control characters/],
  [{ severity: 'loud' }, /^severity: /],
  [{ severity: undefined }, /^severity: /],
  [{ id: 'x' }, /^id: /],
  [{ createdMs: -1 }, /^createdMs: /],
  [{ application: 'a\nb' }, /^application: contains control characters/],
  [{ group: 'g'.repeat(257) }, /^group: /],
  [{ attributes: { a: 'v'.repeat(2_049) } }, /^attributes.a: /],
  [
    { attributes: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`a${index}`, ''])) },
    /^attributes: more than 64/,
  ],
  [{ extra: true }, /extra/],
];

test('bad messages are named by their place and never hold up the good ones, however many they are', async () => {
  await using servers = await TestServers.start(1);
  const [a] = servers.running;
  assert.ok(a);
  const node = await servers.enrolNode('web1');
  const agent = await connectAgent(servers, a, node);
  const bad = badFields.map(([fields]) => ({ ...message('bad'), ...fields }));
  const answer = await agent.answerTo(agent.send([...bad, message('good'), null, 7]));
  assert.ok(answer.type === 'stored');
  for (const [index, [fields, reason]] of badFields.entries())
    assert.match(answer.refused?.[index]?.text ?? '', reason, JSON.stringify(fields).slice(0, 60));
  assert.deepEqual(
    answer.refused?.map(({ index }) => index),
    [...badFields.keys(), bad.length + 1, bad.length + 2],
  );

  const key = '"\u{1f4a3}\u0001'.repeat(20);
  const many = Array.from({ length: 1_000 }, () => ({ ...message('bad'), [key]: '' }));
  const told = await agent.answerTo(agent.send([...many, message('good too')]));
  assert.ok(told.type === 'stored' && told.refused?.length === 1_000);
  assert.deepEqual(texts(a), ['good', 'good too']);

  agent.send(Array.from({ length: 5_000 }, () => ({ ...message('bad'), severity: 'loud' })));
  await eventually('more than can be told is refused', () => agent.closed() !== null);
  assert.equal(agent.closed()?.code, 'WK_BAD_REQUEST');
  assert.match(
    agent.closed()?.text ?? '',
    /^more than 1170 messages of one batch are bad, the first because of severity: /,
  );
  assert.equal((await connectAgent(servers, a, node)).closed(), null);
});
