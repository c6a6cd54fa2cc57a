import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checksumOf } from '../../journal/checksum.ts';
import { encodeBody } from '../../journal/body.ts';
import { Journal } from '../../journal/journal.ts';
import type { Damage } from '../../journal/damage.ts';
import type { Entry, EntryBody, EntryKind } from '../../model/entry.ts';
import type { WatchError } from '../../model/errors.ts';
import type { Message } from '../../model/message.ts';
import type { Origin } from '../../model/origin.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Database } from '../../runtime/database.ts';
import { nodeClock, nodeTimers } from '../../runtime/node/clock.ts';
import { nodeDatabases } from '../../runtime/node/database.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import { MessageStore } from '../message-store.ts';

/** For tests: a server's store on a real disk, and entries made by hand. */
export interface TestStore {
  readonly database: Database;
  readonly journal: Journal;
  readonly messages: MessageStore;
  readonly damage: Damage[];
  readonly failures: WatchError[];
  close(): void;
}

export function testFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'wk-store-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export const coreId = (number: number): Uuid => `0192d3a0-0000-4000-8000-${String(number).padStart(12, '0')}`;
export const originNumber = (number: number, run = 1): Origin =>
  `${coreId(number)}.${String(run).padStart(8, '0')}`;
export const messageId = (number: number): Uuid =>
  `0192d3a0-0000-7000-8000-${String(number).padStart(12, '0')}`;

export function openTestStore(path: string, server = 1): TestStore {
  const database = nodeDatabases.open(path, { synchronous: 'normal', busyMs: 100 });
  const messages = MessageStore.open(database);
  const damage: Damage[] = [];
  const failures: WatchError[] = [];
  const journal = Journal.open({
    database,
    applier: messages,
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    coreId: coreId(server),
    onDamage: (what) => damage.push(what),
    onFailure: (error) => failures.push(error),
  });
  const close = (): void => {
    journal.close();
    database.close();
  };
  return { database, journal, messages, damage, failures, close };
}

export function testMessage(number: number, changes: Partial<Message> = {}): Message {
  return {
    id: messageId(number),
    createdMs: 1_700_000_000_000 + number,
    severity: 'major',
    text: `message ${number}`,
    ...changes,
  };
}

export function testEntry<K extends EntryKind>(
  stamp: { readonly origin: Origin; readonly seq: number; readonly hlc: number },
  kind: K,
  body: EntryBody<K>,
): Entry {
  return rawEntry(stamp, kind, encodeBody(kind, body));
}

export function rawEntry(
  stamp: { readonly origin: Origin; readonly seq: number; readonly hlc: number },
  kind: string,
  body: Uint8Array,
): Entry {
  const unsigned = { ...stamp, kind, body };
  return { ...unsigned, checksum: checksumOf(unsigned) };
}
