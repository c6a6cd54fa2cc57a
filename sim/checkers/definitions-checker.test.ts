import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { DiskReader } from '../world/disk-reader.ts';
import { DefinitionsChecker } from './definitions-checker.ts';

test('definitions: a server that goes back to an older one is found, one that lags is told', () => {
  const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-definitions-'));
  const path = join(folder, 'server.db');
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE definitions_mirror (key TEXT PRIMARY KEY, value TEXT, revision INTEGER)');
  const put = (revision: number): void => {
    database
      .prepare('INSERT OR REPLACE INTO definitions_mirror VALUES (?, ?, ?)')
      .run('pool', '{}', revision);
  };
  using reader = new DiskReader(path);
  const checker = new DefinitionsChecker();
  put(4);
  checker.see('s1', reader);
  assert.equal(checker.differs(reader, [{ key: 'pool', value: '{}', revision: 4 }]), null);
  assert.match(
    checker.differs(reader, [{ key: 'pool', value: '{}', revision: 5 }]) ?? '',
    /pool at 4, not 5/,
  );
  put(3);
  assert.throws(
    () => checker.see('s1', reader),
    /definitions never go back \(I26\): s1: pool at 3, was at 4/,
  );
  database.close();
  rmSync(folder, { recursive: true });
});
