import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, loadText, type Evidence } from './judge-evidence.ts';

const numbers = [1, 2, 3];
const messages = numbers.map((number) => ({ id: `id-${number}`, text: loadText('node-1', number) }));
const server = {
  messages: [...messages, { id: 'other', text: 'disk ok' }],
  stateHash: 'h',
  positions: { a: 5 },
};
const good: Evidence = {
  senders: [
    {
      agent: 'node-1',
      sent: [...numbers, 4],
      accepted: numbers.map((number) => ({ number, id: `id-${number}` })),
    },
  ],
  servers: ['server-1', 'server-2', 'server-3'].map((name) => ({ name, ...server })),
  agents: [{ agent: 'node-1', produced: 10, delivered: 7, buffered: 2, gaps: 1 }],
  acceptedMin: 3,
};

function withServer(changes: Partial<Evidence['servers'][number]>): Evidence {
  const [first, second, third] = good.servers;
  return { ...good, servers: [first, { ...second, ...changes }, third] as Evidence['servers'] };
}

test('a run in which all was kept has no findings', () => {
  assert.deepEqual(judge(good), { findings: [], invalid: [], sent: 4, accepted: 3, lost: 0, doubled: 0 });
});

test('what was sent and never accepted may be there or not', () => {
  const unknown = { id: 'id-4', text: loadText('node-1', 4) };
  assert.deepEqual(judge(withServer({ messages: [...server.messages, unknown] })).findings, []);
});

/** Each planted fault with what the judge must say: a judge that misses one proves nothing. */
const planted: readonly [name: string, evidence: Evidence, expected: RegExp][] = [
  [
    'an accepted message missing on one server',
    withServer({ messages: messages.slice(1) }),
    /server-2 lacks 1 acc/,
  ],
  ['the same ID twice', withServer({ messages: [...messages, ...messages.slice(0, 1)] }), /more than once/],
  [
    'one message under two IDs',
    withServer({ messages: [...messages, { id: 'id-9', text: loadText('node-1', 1) }] }),
    /server-2 has 1 messages more than once/,
  ],
  [
    'a message that nobody sent',
    withServer({ messages: [...messages, { id: 'id-9', text: loadText('node-1', 9) }] }),
    /which nobody sent/,
  ],
  [
    'another text under an accepted ID',
    withServer({ messages: [...messages.slice(1), { id: 'id-1', text: 'changed' }] }),
    /another text/,
  ],
  ['another state hash', withServer({ stateHash: 'x' }), /state hashes of server-1 and server-2 differ/],
  ['other positions', withServer({ positions: { a: 5, b: 1 } }), /positions of server-1 and server-2 differ/],
  [
    'an agent whose counts do not add up',
    { ...good, agents: [{ agent: 'node-1', produced: 10, delivered: 7, buffered: 2, gaps: 0 }] },
    /node-1 produced 10, but/,
  ],
];
for (const [name, evidence, expected] of planted)
  test(`the judge finds ${name}`, () => assert.match(judge(evidence).findings.join('\n'), expected));

test('equal but empty state hashes are no proof', () => {
  const empty = { ...good, servers: good.servers.map((each) => ({ ...each, stateHash: '' })) };
  assert.match(judge(empty).findings.join('\n'), /state hashes/);
});

test('too little load makes a run invalid', () => {
  assert.match(judge({ ...good, acceptedMin: 4 }).invalid.join('\n'), /node-1 accepted 3, at least 4/);
});
