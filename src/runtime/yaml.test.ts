import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { codeOf, textOf } from '../model/errors.ts';
import { parseYaml } from './yaml.ts';

const schema = z.strictObject({
  name: z.string(),
  port: z.int().min(1).max(65_535).default(1),
  servers: z.array(z.string()).optional(),
  nested: z.strictObject({ depth: z.int() }).optional(),
});

function refusal(text: string): string {
  try {
    parseYaml(text, schema, 'a.yaml');
  } catch (error) {
    assert.equal(codeOf(error), 'WK_CONFIG');
    return textOf(error);
  }
  return assert.fail('was accepted');
}

test('a document that fits gives its value, defaults included', () => {
  assert.deepEqual(parseYaml('# hello\nname: a\n', schema, 'a.yaml'), { name: 'a', port: 1 });
});

test('every refusal names file, line, key and reason in one line', () => {
  assert.equal(refusal('name: a\n\nprot: 3\n'), 'a.yaml:3: prot: is not a known key; did you mean port?');
  assert.equal(
    refusal('port: 3\nnmae: a\n'),
    'a.yaml:2: nmae: is not a known key; did you mean name? (and 1 more)',
    'rather than that the name is missing',
  );
  assert.match(refusal('name: a\nport: 70000\n'), /^a\.yaml:2: port: .*65535/);
  assert.match(refusal('name: a\nservers:\n  - x\n  - 3\n'), /^a\.yaml:4: servers\[1\]: .*string/);
  assert.match(
    refusal('name: a\nnested:\n  depth: 1\n  width: 2\n'),
    /^a\.yaml:4: nested\.width: is not a known key; known are depth$/,
  );
  assert.equal(refusal('port: 3\n'), 'a.yaml:1: name: is missing');
  assert.equal(refusal(''), 'a.yaml:1: name: is missing');
  assert.equal(refusal('name: a\nnested: {}\n'), 'a.yaml:2: nested.depth: is missing');
  assert.match(refusal('just words'), /^a\.yaml:1: /);
});

test('broken YAML, a doubled key, an unknown tag and an alias bomb are refused', () => {
  assert.match(refusal('name: [a\n'), /^a\.yaml:\d+: /);
  assert.match(refusal('name: a\nname: b\n'), /^a\.yaml:2: .*unique/);
  assert.match(refusal('name: !!js/function a\n'), /^a\.yaml:1: /);
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (let i = 1; i < 9; i += 1) {
    const before = String.fromCharCode(96 + i);
    const name = String.fromCharCode(97 + i);
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]`);
  }
  assert.match(refusal(bomb.join('\n')), /^a\.yaml: .*alias/);
});
