import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assert as check,
  boolean,
  constantFrom,
  letrec,
  oneof,
  property,
  stringMatching,
  tuple,
} from 'fast-check';
import { codeOf, textOf } from '../../model/errors.ts';
import { compilePattern } from './compile-pattern.ts';
import { matchPattern } from './match-pattern.ts';

const match = (source: string, text: string, ignoreCase = false): Record<string, string> | null => {
  const groups = matchPattern(compilePattern(source, ignoreCase), text);
  return groups && { ...groups };
};

function native(source: string, text: string, ignoreCase: boolean): Record<string, string> | null {
  const found = new RegExp(source, ignoreCase ? 'i' : '').exec(text);
  if (!found) return null;
  return Object.fromEntries(Object.entries(found.groups ?? {}).filter(([, value]) => value !== undefined));
}

test('what policies are made of', () => {
  const dpkg = String.raw`^(?<date>\S+) (?<time>\d\d:\d\d:\d\d) status (?<state>installed|removed) (?<package>[^:]+):`;
  assert.deepEqual(match(dpkg, '2026-03-01 10:15:00 status installed libc6:amd64 2.36'), {
    date: '2026-03-01',
    time: '10:15:00',
    state: 'installed',
    package: 'libc6',
  });
  assert.deepEqual(match('"level":(?<level>\\d+).*"msg":"(?<text>[^"]*)"', '{"level":50,"a":1,"msg":"no"}'), {
    level: '50',
    text: 'no',
  });
  assert.deepEqual(match('{"a":[0-9]{2,3}}', 'x{"a":123}'), {});
  assert.deepEqual(match('ERROR', 'an error', true), {});
  assert.deepEqual(match('über', 'ÜBER', true), {});
  assert.deepEqual(match('^(?<face>.)$', '😀'), { face: '😀' });
  assert.equal(match('^.$', 'ab'), null);
});

/** Expressions of the kinds that policies use, over a small alphabet so that they often match. Nothing repeated is empty. */
const expressions = letrec<{ node: string; atom: string }>((tie) => ({
  atom: oneof(
    { maxDepth: 3, withCrossShrink: true },
    constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '\\w', '\\d', ' ', 'ab', '(?:ab|c)'),
    tie('node').map((inner) => `(?:x${inner})`),
    tie('node').map((inner) => `(?<NAME>${inner})`),
  ),
  node: oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie('atom'),
    tuple(
      constantFrom('a', 'b', '[ab]', '(?:ab|c)', '(?:a|ab)', '(?:a+b)', '(?<NAME>a|b)', '(?:(?<NAME>a)|b)'),
      constantFrom('?', '??', '{0,2}', '*', '+', '*?', '+?', '{2}', '{1,}', '{2,3}?'),
    ).map(([atom, count]) => atom + count),
    tuple(tie('node'), tie('node')).map(([a, b]) => `${a}${b}`),
    tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
    tie('node').map((inner) => `^${inner}`),
    tie('node').map((inner) => `${inner}$`),
    tie('node').map((inner) => `\\b${inner}`),
  ),
}));

test('finds exactly what JavaScript finds, groups included', () => {
  check(
    property(expressions.node, stringMatching(/^[abcx 1]{0,10}$/), boolean(), (shape, text, ignoreCase) => {
      let groups = 0;
      const source = shape.replaceAll('NAME', () => `g${(groups += 1)}`);
      assert.deepEqual(
        match(source, text, ignoreCase),
        native(source, text, ignoreCase),
        `${source} on ${text}`,
      );
    }),
    { numRuns: 2_000 },
  );
});

test('repetitions of what may be empty end, and agree on whether there is a match', () => {
  for (const source of ['(?:a*)*b', '(?:a?b?)+c', '(?:|a)+$', '(?:(?:a*)*)*$', '^(?:a|b*)*$', '(?:)*x'])
    for (const text of ['', 'a', 'aab', 'abab', 'c', 'abc', 'x'])
      assert.equal(
        match(source, text) !== null,
        native(source, text, false) !== null,
        `${source} on ${text}`,
      );
});

test('what cannot be matched in linear time, is broken or too large is refused in plain words', () => {
  for (const [source, reason] of [
    ['(?=a)b', /looks ahead or behind/],
    ['(?<!a)b', /looks ahead or behind/],
    ['(a)\\1', /refers back/],
    ['(?<x>a)\\k<x>', /refers back/],
    ['(a', /\( without its \)/],
    ['a)', /\) without its \(/],
    ['[a', /\[ without its \]/],
    ['*a', /repeats nothing/],
    ['a**', /two quantifiers/],
    ['a{3,2}', /end is below/],
    ['(?:a{1000}){1000}', /too large/],
    ['a{5000}', /more than 1000/],
    ['[z-a]', /not one/],
    ['\\q', /unknown escape/],
    ['(?<x>a)(?<x>b)', /two groups named x/],
    ['(?i)a', /unknown kind/],
    ['('.repeat(100), /nested deeper/],
    ['\\', /unknown escape/],
  ] as const)
    assert.throws(
      () => compilePattern(source, false),
      (error) => codeOf(error) === 'WK_CONFIG' && reason.test(textOf(error)),
      source,
    );
});

test('expressions that freeze a backtracking matcher take linear time', () => {
  const text = `${'a'.repeat(8_000)}!`;
  for (const source of [
    '(a+)+$',
    '^(a|a)*$',
    '(a|aa)+$',
    '^([a-z]+)*$',
    '^(\\w+\\s?)*$',
    '(.*a){12}$',
    '.*.*.*=.*',
    '(a*)*b',
  ]) {
    const startedMs = performance.now();
    assert.equal(match(source, text), null, source);
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < 1_000, `${source} took ${tookMs} ms`);
  }
});
