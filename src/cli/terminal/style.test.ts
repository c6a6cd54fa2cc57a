import assert from 'node:assert/strict';
import { test } from 'node:test';
import { severities } from '../../model/severity.ts';
import type { Output } from '../cli.ts';
import { safeText } from './safe-text.ts';
import { styleOf } from './style.ts';

const terminal: Output = { write: () => undefined, isTerminal: true, columns: 80 };
const pipe: Output = { write: () => undefined, isTerminal: false, columns: null };
const isColored = (
  environment: Record<string, string>,
  output = terminal,
  choice?: 'auto' | 'always' | 'never',
) => styleOf({ environment }, output, choice).paint('red', 'x') !== 'x';

test('colour: only on a terminal, unless somebody says otherwise', () => {
  assert.ok(isColored({}));
  assert.ok(!isColored({}, pipe));
  assert.ok(!isColored({ TERM: 'dumb' }));
  assert.ok(!isColored({ NO_COLOR: '1' }));
  assert.ok(isColored({ NO_COLOR: '' }), 'an empty NO_COLOR means nothing');
  assert.ok(isColored({ FORCE_COLOR: '1' }, pipe));
  assert.ok(!isColored({ FORCE_COLOR: '0' }));
  assert.ok(isColored({ NO_COLOR: '1' }, pipe, 'always'));
  assert.ok(!isColored({ FORCE_COLOR: '1' }, terminal, 'never'));
});

test('each severity has a word and a shape of its own, also without UTF-8', () => {
  for (const LANG of ['C', 'de_DE.UTF-8']) {
    const style = styleOf({ environment: { LANG } }, pipe);
    const texts = severities.map((severity) => style.severity(severity));
    assert.equal(new Set(texts.map((text) => text[0])).size, severities.length);
    texts.forEach((text, at) => assert.ok(text.endsWith(` ${severities[at]}`)));
  }
  // oxlint-disable-next-line no-control-regex
  assert.match(styleOf({ environment: { LANG: 'C' } }, pipe).severity('critical'), /^[\u0000-\u007f]+$/);
});

test('text from elsewhere cannot steer a terminal', () => {
  assert.equal(safeText('a\nb\tc'), 'a b c');
  assert.equal(safeText('\u001b[2Jx\u009b31m\u202ey'), '\u{fffd}[2Jx\u{fffd}31m\u{fffd}y');
});
