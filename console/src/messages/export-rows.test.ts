import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageView } from '../../../src/model/api.ts';
import { csvHead, csvOf, jsonLinesOf } from './export-rows.ts';

const message: MessageView = {
  id: '0190a6f4-0000-7000-8000-000000000001',
  createdMs: 0,
  receivedMs: 1,
  severity: 'major',
  text: 'said "no", twice\nand went',
  node: 'n',
  nodeName: 'web01',
  state: 'open',
  owner: null,
  annotations: 2,
  acknowledgedMs: null,
  acknowledgedBy: null,
};

test('CSV: quotes, line breaks and commas stay inside their cell', () => {
  assert.match(csvHead, /^id,created,received,severity,state,node,.*,text\r\n$/);
  assert.equal(
    csvOf([message]),
    `${message.id},1970-01-01T00:00:00.000Z,1970-01-01T00:00:00.001Z,major,open,web01,,,,,,,2,"said ""no"", twice\nand went"\r\n`,
  );
});

test('CSV: nothing that a message says is calculated by a spreadsheet', () => {
  for (const text of ['=1+1', '+1', '-1', '@sum(a)', '\t=1'])
    assert.match(csvOf([{ ...message, text }]), /,'[=+\-@\t]/);
});

test('JSON lines: one message a line', () => {
  const lines = jsonLinesOf([message, message]).trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [message, message],
  );
});
