import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { depotLimits } from '../model/depot.ts';
import { nodeFiles } from '../runtime/node/files.ts';
import { silentLog } from '../runtime/node/log.ts';
import { DepotAssembly } from './depot-assembly.ts';
import { DepotFolder } from './depot-folder.ts';

const text = Buffer.from('#!/bin/sh\necho fine\n');
const sha256 = hash('sha256', text);
const file = { sha256, sizeBytes: text.length };

function assembled(bytes: Uint8Array, told = file): DepotAssembly {
  const assembly = new DepotAssembly(told);
  for (const byte of bytes) assembly.add(Uint8Array.of(byte));
  return assembly;
}

async function readAll(folder: DepotFolder, digest: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of folder.read(digest)) parts.push(part);
  return Buffer.concat(parts).toString();
}

test('only the file that was told comes out of an assembly', () => {
  assert.deepEqual(Buffer.from(assembled(text).whole()), text);
  assert.throws(() => assembled(text.subarray(1)).whole(), /19 bytes came, and 20 were told/);
  assert.throws(() => assembled(Buffer.concat([text, text])), /more came than the 20 bytes/);
  const other = Buffer.from(text);
  other[5] = 0;
  assert.throws(() => assembled(other).whole(), /have the SHA-256 [0-9a-f]{64}, and should have/);
  const large = { sha256, sizeBytes: depotLimits.fileBytesMax + 1 };
  assert.throws(() => new DepotAssembly(large), /one of the depot may have/);
});

test('a folder knows after a restart what it has, and removes what is damaged', async () => {
  const path = await mkdtemp(join(tmpdir(), 'wk-depot-'));
  const ports = { files: nodeFiles, log: silentLog, path: join(path, 'depot'), mode: 0o500 };
  const folder = await DepotFolder.open(ports);
  await folder.add(assembled(text));
  assert.equal((await stat(folder.pathOf(sha256))).mode & 0o777, 0o500);
  assert.equal(await readAll(folder, sha256), text.toString());
  await writeFile(join(ports.path, `${sha256}.1-1.tmp`), 'half');
  const again = await DepotFolder.open(ports);
  assert.deepEqual([again.list(), again.bytes], [[file], text.length]);
  assert.deepEqual(await nodeFiles.list(ports.path), [sha256]);

  await chmod(again.pathOf(sha256), 0o700);
  await writeFile(again.pathOf(sha256), 'x'.repeat(text.length));
  await again.check();
  assert.deepEqual([again.has(sha256), await nodeFiles.list(ports.path)], [false, []]);
  await assert.rejects(readAll(again, sha256), /no file with the SHA-256/);

  await again.add(assembled(text));
  await rm(ports.path, { recursive: true });
  await assert.rejects(readAll(again, sha256));
  assert.equal(again.has(sha256), false, 'who lost its folder knows so');
  await again.add(assembled(text));
  assert.equal(await readAll(again, sha256), text.toString());
  await rm(path, { recursive: true });
});
