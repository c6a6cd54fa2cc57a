import assert from 'node:assert/strict';
import { test } from 'node:test';
import { styleText } from 'node:util';
import { tableText, widthOf, type Column } from './table.ts';

type Row = readonly [string, number, string];
const columns: Column<Row>[] = [
  { title: 'NAME', value: ([name]) => name },
  { title: 'LAG', align: 'right', value: ([, lag]) => String(lag) },
  { title: 'TEXT', value: ([, , text]) => text },
];
const rows: Row[] = [
  ['m1', 0, 'fine'],
  ['server-2', 1_200, 'behind, because of something that takes long to tell'],
];
const output = (width: number | null) => ({
  write: () => undefined,
  isTerminal: width !== null,
  columns: width,
});

test('columns are aligned, and nothing is cut where lines have no end', () => {
  assert.equal(
    tableText(rows, columns, output(null)),
    [
      'NAME       LAG  TEXT',
      'm1           0  fine',
      'server-2  1200  behind, because of something that takes long to tell',
      '',
    ].join('\n'),
  );
});

test('on a terminal the last column ends with the line', () => {
  const lines = tableText(rows, columns, output(40)).split('\n');
  assert.equal(lines[2], 'server-2  1200  behind, because of some…');
  assert.ok(lines.every((line) => widthOf(line) <= 40));
  assert.equal(
    tableText(rows, columns, output(3)).split('\n')[2],
    'server-2  1200  behind, because of …',
    'a narrow one',
  );
});

test('colours take no room, wide and combining characters what they take', () => {
  assert.equal(widthOf(styleText('red', 'abc', { validateStream: false })), 3);
  assert.equal(widthOf('日本'), 4);
  assert.equal(widthOf('e\u0301'), 1);
  const colored: Column<Row>[] = [
    { title: 'T', value: ([, , text]) => styleText('red', text, { validateStream: false }) },
  ];
  assert.ok(tableText(rows, colored, output(30)).includes('to tell\u001b[39m'), 'a coloured cell is not cut');
});
