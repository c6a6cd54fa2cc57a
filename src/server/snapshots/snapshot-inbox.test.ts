import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, WatchError } from '../../model/errors.ts';
import type { Files } from '../../runtime/files.ts';
import { nodeFiles } from '../../runtime/node/files.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { SnapshotInbox } from './snapshot-inbox.ts';

const parts = ['one ', 'two ', 'three'].map((text) => Buffer.from(text));
const whole = Buffer.concat(parts);
const sha256 = createHash('sha256').update(whole).digest('hex');

function send(inbox: SnapshotInbox, checksum = sha256): void {
  let offset = 0;
  for (const [index, bytes] of parts.entries()) {
    const last = index === parts.length - 1;
    const header = { type: 'snapshotPart' as const, offset, totalBytes: whole.length, last };
    inbox.take(last ? { ...header, sha256: checksum } : header, bytes);
    offset += bytes.length;
  }
}

test('a part that the disk does not take, or a wrong checksum, spoils that snapshot and not the next', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wk-inbox-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'incoming');
  let appends = 0;
  const files: Files = {
    ...nodeFiles,
    append(to, content, options) {
      appends += 1;
      // The disk is full for one part only: the parts after it would still fit.
      if (appends === 2) return Promise.reject(new WatchError('WK_DISK_FULL'));
      return nodeFiles.append(to, content, options);
    },
  };
  let ended = Promise.withResolvers<string>();
  const inbox = new SnapshotInbox({
    files,
    log: silentLog,
    path,
    complete: async () => ended.resolve('complete'),
    failed: (error) => ended.resolve(codeOf(error)),
  });
  const outcome = async (checksum?: string): Promise<string> => {
    ended = Promise.withResolvers();
    send(inbox, checksum);
    return ended.promise;
  };
  assert.equal(await outcome(), 'WK_DISK_FULL');
  assert.equal(await outcome('0'), 'WK_DAMAGED');
  assert.equal(existsSync(path), false);
  assert.equal(await outcome(), 'complete');
  assert.deepEqual(await readFile(path), whole);
});
