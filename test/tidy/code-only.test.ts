import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOnly } from './code-only.ts';

const cases: readonly [name: string, text: string, code: string][] = [
  ['line comment', 'a; // b\nc;', 'a;     \nc;'],
  ['block comment over lines', 'a /* b\nc */ d', 'a     \n     d'],
  ['both quotes', `f('x\\'y', "z")`, `f('    ', " ")`],
  ['template with an expression', 'f(`a ${b(`c`)} d`)', 'f(`   {b(` `)}  `)'],
  ['template with an object inside', 'f(`${g({ a: 1 })} x`)', 'f(` {g({ a: 1 })}  `)'],
  ['regular expression with quotes', `/['"]\\//.test(x)`, `/      /.test(x)`],
  ['division is no regular expression', 'a / b / c', 'a / b / c'],
  ['comment marks inside a string', `'// no' // yes`, `'     '       `],
];

for (const [name, text, code] of cases)
  test(`code only: ${name}`, () => assert.equal(codeOnly(text).code, code));
