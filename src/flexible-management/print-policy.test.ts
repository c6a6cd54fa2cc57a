import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { severities } from '../model/severity.ts';
import { quoted } from './lexer.ts';
import { parsePolicy } from './parse-policy.ts';
import { printPolicy } from './print-policy.ts';
import type { FlexiblePolicy, SystemReference } from './syntax.ts';

const at = fc.constant({ line: 0, column: 0 });
const text = fc
  .array(
    fc.oneof(
      fc.string({ minLength: 1, maxLength: 3, unit: 'grapheme' }),
      fc.constantFrom('"', '\\', '#', '\n'),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''))
  .filter((value) => quoted(value) !== null);
const textOrNull = fc.option(text);

const system: fc.Arbitrary<SystemReference> = fc.oneof(
  fc.constant<SystemReference>({ kind: 'primary' }),
  fc.record({ kind: fc.constant('other' as const), name: text }),
  fc.record({
    kind: fc.constant('address' as const),
    family: fc.constant(4 as const),
    address: fc.ipV4(),
    name: textOrNull,
    id: textOrNull,
  }),
  fc.record({
    kind: fc.constant('address' as const),
    family: fc.constant(6 as const),
    address: fc.ipV6().map((address) => address.toLowerCase()),
    name: textOrNull,
    id: textOrNull,
  }),
);

const type = fc.constantFrom('Match' as const, 'Suppress' as const, 'Unmatch' as const);
const part = (max: number): fc.Arbitrary<number | null> => fc.option(fc.integer({ min: 1, max }));
const date = fc.record({
  year: fc.option(fc.integer({ min: 1_000, max: 9_999 })),
  month: part(12),
  day: part(31),
});
const timeCondition = fc.record({
  at,
  type,
  time: fc.option(fc.record({ from: fc.nat(1_439), to: fc.nat(1_440) })),
  weekday: fc.option(fc.record({ from: fc.integer({ min: 1, max: 7 }), to: fc.integer({ min: 1, max: 7 }) })),
  date: fc.option(fc.record({ from: date, to: fc.option(date) })),
});
const timeTemplate = fc.record({
  at,
  name: text,
  description: text,
  zone: fc.option(
    fc.record({
      type: fc.constantFrom('Fix' as const, 'Local' as const, 'Mgmtserver' as const),
      value: text,
    }),
  ),
  conditions: fc.array(timeCondition, { maxLength: 3 }),
});
const pattern = fc.record({ at, source: text, separators: textOrNull, ignoreCase: fc.boolean() });
const condition = fc.record({
  at,
  type,
  description: text,
  severities: fc.option(fc.array(fc.constantFrom(...severities), { minLength: 1, maxLength: 6 })),
  nodes: fc.option(fc.array(system, { minLength: 1, maxLength: 3 })),
  application: textOrNull,
  group: textOrNull,
  object: textOrNull,
  messageType: textOrNull,
  text: fc.option(pattern),
  service: fc.option(pattern),
  statusVariable: textOrNull,
});
const target = fc.record({
  at,
  timeTemplate: text,
  manager: system,
  share: fc.constantFrom('control' as const, 'notify' as const, null),
});
const operation = fc.record({
  at,
  when: fc.option(fc.record({ timeTemplate: text, not: fc.boolean() })),
  operation: fc.oneof(
    fc.record({ kind: fc.constantFrom('INSERVICE' as const, 'SUPPRESS' as const, 'LOGONLY' as const) }),
    fc.record({ kind: fc.constantFrom('TROUBLETICKET' as const, 'NOTIFICATION' as const), on: fc.boolean() }),
  ),
});
const outcome = fc.oneof(
  fc.record({
    kind: fc.constant('targets' as const),
    targets: fc.array(target, { maxLength: 3 }),
    acknowledgeNonLocal: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('operations' as const), operations: fc.array(operation, { maxLength: 3 }) }),
);
const rule = fc.record({ at, description: text, conditions: fc.array(condition, { maxLength: 3 }), outcome });
const listed = fc.array(fc.record({ at, system, description: textOrNull }), { maxLength: 2 });
const policy: fc.Arbitrary<FlexiblePolicy> = fc.record({
  timeTemplates: fc.array(timeTemplate, { maxLength: 2 }),
  statusVariables: fc.array(fc.record({ at, name: text, initially: fc.boolean() }), { maxLength: 2 }),
  managers: fc.array(
    fc.record({
      at,
      description: text,
      secondary: listed,
      actionAllowed: listed,
      rules: fc.array(rule, { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});

test('what is printed and read again is the same', () => {
  fc.assert(
    fc.property(policy, (wanted) => {
      const printed = printPolicy(wanted);
      const { policy: read, findings } = parsePolicy(printed);
      assert.deepEqual(findings, []);
      assert.deepEqual(unplaced(read), unplaced(wanted));
      assert.equal(printPolicy(read), printed);
    }),
    { numRuns: 500 },
  );
});

test('a text that no string can hold is refused', () => {
  assert.throws(
    () =>
      printPolicy({
        timeTemplates: [],
        statusVariables: [{ at: { line: 1, column: 1 }, name: 'C:\\', initially: true }],
        managers: [],
      }),
    /cannot stand in a policy/,
  );
});

/** Without the places, which differ between a policy that was made and one that was read. */
function unplaced(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, part: unknown) => (key === 'at' ? undefined : part)));
}
