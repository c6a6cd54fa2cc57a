import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { codeOf } from '../../model/errors.ts';
import { isSafeSqlite, nodeDatabases } from './database.ts';

const folder = mkdtempSync(join(tmpdir(), 'wk-database-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const full = { synchronous: 'full', busyMs: 50 } as const;

function filled(name: string): string {
  const path = join(folder, name);
  const database = nodeDatabases.open(path, full);
  database.exec('CREATE TABLE things(id INTEGER PRIMARY KEY, text TEXT)');
  const insert = database.prepare('INSERT INTO things(text) VALUES (?)');
  database.transaction(() => {
    for (let i = 0; i < 2_000; i++) insert.run(`thing ${i} ${'x'.repeat(100)}`);
  });
  database.close();
  return path;
}

test('a database and its side files are readable by their owner only', () => {
  const path = join(folder, 'private.db');
  const database = nodeDatabases.open(path, full);
  database.exec('CREATE TABLE things(id INTEGER PRIMARY KEY)');
  const modes = readdirSync(folder)
    .filter((name) => name.startsWith('private.db'))
    .map((name) => statSync(join(folder, name)).mode & 0o777);
  assert.deepEqual(modes, [0o600, 0o600, 0o600]);
  assert.equal(database.prepare('PRAGMA synchronous').get()?.synchronous, 2);
  assert.equal(database.prepare('PRAGMA journal_mode').get()?.journal_mode, 'wal');
  database.close();
});

test('a transaction that throws leaves nothing behind, and the next one works', () => {
  const database = nodeDatabases.open(filled('rollback.db'), full);
  const count = database.prepare('SELECT count(*) AS n FROM things');
  assert.throws(
    () =>
      database.transaction(() => {
        database.exec('DELETE FROM things');
        throw new Error('changed my mind');
      }),
    /changed my mind/,
  );
  assert.equal(count.get()?.n, 2_000);
  assert.equal(
    database.transaction(() => 7),
    7,
  );
  database.close();
});

test('a full disk is WK_DISK_FULL and leaves the database usable', () => {
  const database = nodeDatabases.open(filled('full.db'), full);
  const pages = Number(database.prepare('PRAGMA page_count').get()?.page_count);
  database.exec(`PRAGMA max_page_count = ${pages + 2}`);
  const insert = database.prepare('INSERT INTO things(text) VALUES (?)');
  assert.throws(
    () => database.transaction(() => insert.run('x'.repeat(100_000))),
    (error) => codeOf(error) === 'WK_DISK_FULL' && String(error).includes('full.db'),
  );
  assert.equal(database.prepare('SELECT count(*) AS n FROM things').get()?.n, 2_000);
  database.close();
});

test('a file of garbage and a truncated file are WK_DAMAGED', () => {
  const garbage = join(folder, 'garbage.db');
  writeFileSync(garbage, 'this is not a database '.repeat(1_000));
  const truncated = filled('truncated.db');
  truncateSync(truncated, 40_960);
  for (const path of [garbage, truncated])
    assert.throws(
      () => nodeDatabases.open(path, full),
      (error) => codeOf(error) === 'WK_DAMAGED' && String(error).includes(path),
    );
});

test('a locked database is WK_UNAVAILABLE', () => {
  const path = filled('locked.db');
  const holder = nodeDatabases.open(path, full);
  const other = nodeDatabases.open(path, full);
  holder.transaction(() => {
    assert.throws(
      () => other.transaction(() => undefined),
      (error) => codeOf(error) === 'WK_UNAVAILABLE',
    );
  });
  other.close();
  holder.close();
});

test('a backup holds what was committed', async () => {
  const database = nodeDatabases.open(filled('source.db'), full);
  const path = join(folder, 'copy.db');
  await database.backup(path);
  database.close();
  const copy = nodeDatabases.open(path, { ...full, readOnly: true });
  assert.equal(copy.prepare('SELECT count(*) AS n FROM things').get()?.n, 2_000);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  copy.close();
});

test('SQLite versions with the fault in resetting the log are refused', () => {
  assert.deepEqual(['3.46.1', '3.51.2', '3.52.0'].map(isSafeSqlite), [false, false, false]);
  assert.deepEqual(['3.51.3', '3.52.1', '3.53.4', '4.0.0'].map(isSafeSqlite), [true, true, true, true]);
});
