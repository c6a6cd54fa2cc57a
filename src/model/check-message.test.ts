import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isMessage } from './check-message.ts';
import { messageSchema } from './message.ts';
import { severities } from './severity.ts';

const text = fc.oneof(
  { weight: 30, arbitrary: fc.string({ maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'a\tb',
      'a\u0007',
      'a\nb',
      '\ud800',
      'ü',
      'x'.repeat(256),
      'x'.repeat(257),
      'x'.repeat(8_193),
    ),
  },
);
const odd = fc.constantFrom<unknown>(undefined, null, 7, -1, 1.5, 2 ** 53, [], {}, 'CRITICAL');
const message = fc.record(
  {
    id: fc.oneof(
      { weight: 20, arbitrary: fc.uuid({ version: 7 }) },
      fc.uuid().map((id) => id.toUpperCase()),
      odd,
    ),
    createdMs: fc.oneof({ weight: 20, arbitrary: fc.nat() }, odd),
    severity: fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...severities) }, odd),
    text: fc.oneof({ weight: 20, arbitrary: text }, odd),
    application: text,
    object: text,
    group: fc.oneof({ weight: 20, arbitrary: text }, odd),
    key: text,
    attributes: fc.oneof({ weight: 20, arbitrary: fc.dictionary(text, text) }, odd),
    source: text,
    surprise: text,
  },
  { requiredKeys: ['id', 'createdMs', 'severity', 'text'] },
);

const sorted = (value: object | undefined) =>
  Object.entries(value ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));

test('what the quick check takes, the schema takes, and the other way round', () => {
  let taken = 0;
  fc.assert(
    fc.property(message, (value) => {
      const bySchema = messageSchema.safeParse(value);
      const quick = isMessage(value);
      if (quick) assert.equal(JSON.stringify(sorted(bySchema.data)), JSON.stringify(sorted(value)));
      if (bySchema.success && !Object.values(value).includes(undefined)) assert.ok(quick);
      if (quick) taken++;
    }),
    { numRuns: 2_000 },
  );
  assert.ok(taken > 50, `only ${taken} messages were good ones`);
});
