import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import type { EntryBody } from '../model/entry.ts';
import { codeOf } from '../model/errors.ts';
import { bodyBytesMax, decodeBody, encodeBody, outsideBounds, unfolded } from './body.ts';

const body: EntryBody<'messages'> = {
  node: '0192d3a0-0000-4000-8000-000000000001',
  nodeName: 'db1',
  messages: [
    { id: '0192d3a0-0000-7000-8000-000000000001', createdMs: 1, severity: 'major', text: 'disk full' },
  ],
};

test('a body comes back as it was', () => {
  assert.deepEqual(decodeBody('messages', encodeBody('messages', body)), body);
});

test('what does not fit the schema is refused with the place and the reason', () => {
  const wrong = zstdCompressSync(JSON.stringify({ ...body, messages: [{ ...body.messages[0], text: '' }] }));
  assert.throws(
    () => decodeBody('messages', wrong),
    (error) => codeOf(error) === 'WK_BAD_REQUEST' && String(error).includes('messages.0.text'),
  );
});

test('bytes that are not zstd, and text that is not JSON, are refused', () => {
  for (const bytes of [Buffer.from('plain'), zstdCompressSync('{not json')])
    assert.throws(
      () => decodeBody('messages', bytes),
      (error) => codeOf(error) === 'WK_BAD_REQUEST',
    );
});

test('a body that unfolds to too much is refused before it does', () => {
  const bomb = zstdCompressSync(Buffer.alloc(bodyBytesMax + 1, 0x20));
  assert.ok(bomb.length < 10_000);
  assert.throws(
    () => decodeBody('operations', bomb),
    (error) => codeOf(error) === 'WK_TOO_LARGE',
  );
});

test('what a few bytes unfold to is bounded in depth and number before a parser takes seconds over it', () => {
  const many = 1_000_000;
  const bombs = {
    deep: '['.repeat(many) + ']'.repeat(many),
    'deep in a message': `{"messages":[{"id":${'['.repeat(many)}${']'.repeat(many)}}]}`,
    empties: `[${'[],'.repeat(many / 4)}[]]`,
    numbers: `[${'0,'.repeat(many / 2)}0]`,
    names: `{${'"a":1,'.repeat(many / 4)}"a":1}`,
  };
  for (const [what, bomb] of Object.entries(bombs)) {
    const bytes = zstdCompressSync(bomb);
    assert.ok(bytes.length < 1_000, what);
    const isTooLarge = (error: unknown): boolean => codeOf(error) === 'WK_TOO_LARGE';
    assert.throws(() => unfolded(bytes, outsideBounds), isTooLarge, what);
  }
  assert.throws(() => decodeBody('operations', zstdCompressSync(bombs.deep)), /deeper than 64/);
});
