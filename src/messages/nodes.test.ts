import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DecodedBody, EntryStamp } from '../journal/applier.ts';
import { nodeDatabases } from '../runtime/node/database.ts';
import { MessageStore } from './message-store.ts';

const server = '0192d3a0-0000-4000-8000-00000000000';
const node = '0192d3a0-0000-4000-8000-0000000000aa';
const message = {
  id: '0192d3a0-0000-7000-8000-000000000001',
  createdMs: 1,
  severity: 'major',
  text: 'disk full',
} as const;
const body: DecodedBody = { kind: 'messages', value: { node, nodeName: 'db1', messages: [message] } };
const later: EntryStamp = { origin: `${server}1.00000001`, seq: 1, hlc: 2_000 };
const earlier: EntryStamp = { origin: `${server}2.00000001`, seq: 1, hlc: 1_000 };

/** The state hash after these transactions. */
function hashAfter(transactions: readonly (readonly EntryStamp[])[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-nodes-'));
  const database = nodeDatabases.open(join(folder, 'test.db'), { synchronous: 'full', busyMs: 100 });
  try {
    const store = MessageStore.open(database);
    for (const stamps of transactions)
      database.transaction(() => {
        for (const stamp of stamps) store.apply(stamp, body);
        store.beforeCommit();
      });
    return store.stateHash();
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
}

test('a double of a node unknown until this very transaction counts as any other', () => {
  assert.equal(hashAfter([[later, earlier]]), hashAfter([[later], [earlier]]));
});

test('what a node runs is what it says where it is, also when a server that it left speaks up later', () => {
  const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-nodes-'));
  const database = nodeDatabases.open(join(folder, 'test.db'), { synchronous: 'full', busyMs: 100 });
  try {
    const store = MessageStore.open(database);
    const say = (from: 1 | 2, hlc: number, connected: boolean, generation: number): void => {
      const policies = { generation, digest: '', refused: null };
      const about = { node, nodeName: 'db1', connected, lastHeardMs: 1, version: '1', address: '' };
      const stamp = { origin: `${server}${from}.00000001`, seq: hlc, hlc };
      database.transaction(() => {
        store.apply(stamp, { kind: 'connections', value: { connections: [{ ...about, policies }] } });
        store.beforeCommit();
      });
    };
    say(1, 1, true, 1);
    say(2, 2, true, 2);
    say(1, 3, false, 1);
    const [status] = store.nodes((of) => `${of}.00000001`);
    assert.equal(JSON.parse(status?.policies ?? '{}').generation, 2);
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
});
