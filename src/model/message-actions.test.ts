import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageCan } from './message-actions.ts';
import { operationKinds } from './operation.ts';

const open = { state: 'open', owner: null, acknowledgedBy: null } as const;
const done = { state: 'acknowledged', owner: 'ann', acknowledgedBy: 'bob' } as const;

test('what would change nothing says why', () => {
  const answers = (message: typeof open | typeof done, me: string | null): (true | string)[] =>
    operationKinds.map((kind) => messageCan(kind, message, me));
  assert.deepEqual(answers(open, 'ann'), [true, 'it is open', true, 'nobody owns it', true]);
  assert.deepEqual(answers(done, 'ann'), [
    'it was acknowledged by bob already',
    true,
    'you own it already',
    true,
    true,
  ]);
  assert.equal(messageCan('own', done, null), true);
});
