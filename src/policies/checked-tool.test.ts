import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkedToolSchema, toolCommand } from './checked-tool.ts';
import { issuesText } from './policy-set.ts';

function tool(parameters: object, ...words: readonly string[]) {
  return checkedToolSchema.parse({ command: ['/bin/echo', ...words], parameters });
}

function fault(source: object): string {
  const result = checkedToolSchema.safeParse({ command: ['/bin/echo'], ...source });
  return result.success ? '' : issuesText(result.error);
}

const text = { type: 'text' };

test('whatever a value holds, it stays within its argument', () => {
  const echo = tool({ value: text }, '--text=${value}', '--', '${value}', '${value}${value}');
  for (const value of ['', '-x', '--', 'a b', '"\'`$(id);|&', 'one\ntwo\r\n', '${value}', '$&', '$1', '日本'])
    assert.deepEqual(toolCommand(echo, { value }).command, [
      '/bin/echo',
      `--text=${value}`,
      '--',
      value,
      value + value,
    ]);
});

test('NUL and half characters are refused in plain words, and so is what the type does not allow', () => {
  const refused = (parameter: object, value: string, pattern: RegExp): void => {
    assert.throws(
      () => toolCommand(tool({ value: parameter }, '${value}'), { value }),
      (error: Error) => {
        assert.match(error.message, pattern);
        return 'code' in error && error.code === 'WK_BAD_REQUEST';
      },
    );
  };
  refused(text, 'a\0b', /^parameter value holds a NUL character/);
  refused(text, '\ud800', /half a character/);
  refused({ ...text, charsMax: 3 }, 'abcd', /text of at most 3 characters/);
  refused({ ...text, match: '[a-z]+' }, 'ok\nrm', /that fits \[a-z\]\+/);
  refused({ ...text, match: 'a|b' }, 'ax', /that fits/);
  refused({ ...text, match: '[a-z]+' }, 'ok\n', /that fits/);
  refused({ type: 'integer', min: 1, max: 9 }, '10', /integer from 1 up to 9/);
  for (const value of ['1.5', '1e3', ' 1', '', '0x1', '--1', '1\n'])
    refused({ type: 'integer' }, value, /has to be integer/);
  refused({ type: 'choice', values: ['a', 'b'] }, 'c', /one of a, b/);
  assert.throws(() => toolCommand(tool({ value: text }, '${value}'), {}), /parameter value is needed/);
  assert.throws(() => toolCommand(tool({}), { x: '1' }), /there is no parameter x; this tool has none/);
  assert.throws(
    () => toolCommand(tool({ value: text }, '${value}'), { toString: '1' }),
    /no parameter toString/,
  );
});

test('defaults stand in for what is not given', () => {
  const one = tool({ lines: { type: 'integer', default: 10 } }, '-n', '${lines}');
  assert.deepEqual(toolCommand(one, {}), { command: ['/bin/echo', '-n', '10'], parameters: { lines: '10' } });
  assert.deepEqual(toolCommand(one, { lines: '3' }).command, ['/bin/echo', '-n', '3']);
});

test('a tool whose parameters and command do not fit each other is refused with the place', () => {
  assert.equal(fault({}), '');
  assert.match(
    fault({ command: ['/bin/echo', '${x}'] }),
    /command: uses \$\{x\}, but there is no parameter x/,
  );
  assert.match(fault({ parameters: { x: text } }), /parameters\.x: stands nowhere in the command/);
  assert.match(fault({ command: ['/bin/${x}'], parameters: { x: text } }), /the program itself is fixed/);
  assert.match(fault({ command: ['echo'] }), /absolute path/);
  assert.match(fault({ command: ['/opt/../bin/sh'] }), /without \/\/, \/\.\/ or \/\.\.\//);
  const with1 = (parameter: object) =>
    fault({ command: ['/bin/echo', '${x}'], parameters: { x: parameter } });
  assert.match(with1({ ...text, match: '(' }), /parameters\.x: match: /);
  assert.match(with1({ type: 'choice', values: ['a'], default: 'b' }), /default has to be one of a/);
  assert.match(with1({ type: 'integer', min: 3, max: 2 }), /min is above max/);
  assert.match(with1({ ...text, match: 'a', charsMax: 8_000 }), /with match at most/);
  assert.match(fault({ user: 'root; rm' }), /name of a user/);
});
