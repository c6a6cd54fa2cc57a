import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { matchTextPattern, type PatternOptions } from './match-text-pattern.ts';
import { parseTextPattern, PatternProblem } from './parse-text-pattern.ts';

const plain: PatternOptions = { separators: null, ignoreCase: false };

function match(pattern: string, text: string, options = plain): Record<string, string> | string {
  const result = matchTextPattern(parseTextPattern(pattern), text, options);
  return result.kind === 'match' ? result.captures : result.kind;
}

test('each pattern finds what it should', () => {
  const vectors: [pattern: string, text: string, result: Record<string, string> | string][] = [
    ['<*.a><*.b>', 'abcdef', { a: '', b: 'abcdef' }],
    ['<@.word><#.num>', 'abc123', { word: 'abc12', num: '3' }],
    ['error<#.n>:<*.t>', 'this is error100: big bug', { n: '100', t: ' big bug' }],
    ['^ab', 'xabc', 'no match'],
    ['^ab', 'abx', {}],
    ['de$', 'abcde', {}],
    ['de$', 'abcdex', 'no match'],
    ['[ab|c]d', 'abd', {}],
    ['[ab|c]d', 'cd', {}],
    ['[ab|c]d', 'ad', 'no match'],
    ['logon|logoff', 'a logoff', {}],
    ['<![WARN]>', 'all fine', {}],
    ['<![WARN]>', 'WARN x', 'no match'],
    ['<![WARN]>', 'x WARN', 'no match'],
    ['<![WARN].before>error', 'some error', { before: 'some ' }],
    ['<![WARN]>error', 'WARN error', 'no match'],
    ['error<![WARN].rest>', 'error here', { rest: ' here' }],
    ['load <[<#>.v] -ge 90>', 'load 95', { v: '95' }],
    ['load <[<#>.v] -ge 90>', 'load 89', 'no match'],
    ['load <[<#>].v -ge 90>', 'load 95', { v: '95' }],
    ['<<#.uid> -eq 0>', 'uid 0', { uid: '0' }],
    ['<5 -lt [<#>.n] -le 7>', 'n=7', { n: '7' }],
    ['^<5 -lt [<#>.n] -le 7>$', '5', 'no match'],
    ['^<9 -gt [<#>.n] -gt 3>$', '4', { n: '4' }],
    ['<[<@>] -eq 5>$', '5.0', {}],
    ['a\\<b', 'a<b', {}],
    ['a\\$', 'a$', {}],
    ['cost$ more', 'cost$ more', {}],
    ['^<3#>$', '123', {}],
    ['^<3#>$', '1234', 'no match'],
    ['^<2*.two><*.rest>$', 'abcd', { two: 'ab', rest: 'cd' }],
    ['a<_>b', 'a \t b', {}],
    ['a<S>b', 'a \n b', {}],
    ['a</>b', 'a\r\nb', {}],
    ['user <[root|adm].who>', 'user adm', { who: 'adm' }],
    ['', 'anything', {}],
  ];
  for (const [pattern, text, result] of vectors)
    assert.deepEqual(match(pattern, text), result, `${pattern} on ${text}`);
});

test('separators and case are as asked', () => {
  assert.deepEqual(match('^<@.a>;<@.b>$', 'x y;z', { separators: ';', ignoreCase: false }), {
    a: 'x y',
    b: 'z',
  });
  assert.deepEqual(match('FEHLER: <*.t>', 'Fehler: İx', { separators: null, ignoreCase: true }), { t: 'İx' });
});

test('a pattern that is wrong says where', () => {
  for (const [pattern, offset] of [
    ['a<b', 1],
    ['a>b', 1],
    ['a[b', 1],
    ['ab]', 2],
    ['a\\', 2],
    ['<0#>', 1],
    ['<$MSG_TEXT>', 0],
    ['<5 -lt [<#>]>', 12],
  ] as const)
    assert.throws(
      () => parseTextPattern(pattern),
      (error) => error instanceof PatternProblem && error.offset === offset,
      pattern,
    );
});

test('a costly pattern gives up instead of blocking', () => {
  const startedUs = process.cpuUsage().user;
  assert.equal(match('[[<@>]<@>]<@><@><@><@><@>!', 'a'.repeat(400)), 'gave up');
  assert.ok(process.cpuUsage().user - startedUs < 1_000_000);
});

test('no text crashes parser or matcher', () => {
  const alphabet = fc.constantFrom(...'<>[]|!*#_@S/.\\^$ab1- \t'.split(''), ' -lt ', '<*>', '<#.n>', '[a|b]');
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 30 }), fc.string(), (parts, text) => {
      try {
        match(parts.join(''), text);
      } catch (error) {
        assert.ok(error instanceof PatternProblem, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
