import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { nodeFiles } from '../runtime/node/files.ts';
import { checkPrivate } from './private-files.ts';

async function place(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'wk-private-'));
  t.after(() => rm(folder, { recursive: true }));
  const data = join(folder, 'the data');
  await mkdir(join(data, 'policies'), { recursive: true, mode: 0o700 });
  const write = async (name: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, 'x', { mode: 0o600 });
    return path;
  };
  const paths = {
    config: await write('m1.yaml'),
    coordinator: await write('coordination.db'),
    policy: await write('the data/policies/disk.yaml'),
    certificate: await write('the data/certificate.pem'),
  };
  for (const name of ['identity.pem', 'key.pem.next', 'watchkeeper.db-wal', 'snapshot.ready', 'notes.txt'])
    await write(`the data/${name}`);
  await chmod(paths.certificate, 0o644);
  const check = (): Promise<string[]> =>
    checkPrivate(nodeFiles, {
      config: paths.config,
      data,
      further: [paths.coordinator, join(folder, 'not there')],
      open: [paths.certificate],
      policies: join(data, 'policies'),
    });
  return { ...paths, data, check };
}

test('what is as it should be is taken', async (t) => {
  const { check, data } = await place(t);
  await chmod(join(data, 'notes.txt'), 0o644);
  assert.deepEqual(await check(), []);
});

test('a secret that others may read is refused, with what to type', async (t) => {
  const { check, data, coordinator } = await place(t);
  const names = ['identity.pem', 'key.pem.next', 'watchkeeper.db-wal', 'snapshot.ready'];
  for (const path of [...names.map((name) => join(data, name)), coordinator])
    for (const mode of [0o640, 0o604, 0o620, 0o601]) {
      await chmod(path, mode);
      await assert.rejects(check(), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'WK_DENIED');
        assert(error.message.startsWith(`${path}: others may `), error.message);
        assert.match(error.message, path.includes(' ') ? /; run chmod 600 '[^']+'$/ : /; run chmod 600 \S+$/);
        return true;
      });
      await chmod(path, 0o600);
    }
});

test('what others may change is refused, and what they may only look into is said', async (t) => {
  const { check, data, config, policy } = await place(t);
  for (const [path, good, bad, allowed] of [
    [config, 0o600, 0o620, 0o644],
    [data, 0o700, 0o770, 0o755],
    [policy, 0o600, 0o646, null],
    [join(data, 'policies'), 0o700, 0o777, null],
  ] as const) {
    await chmod(path, bad);
    await assert.rejects(check(), {
      code: 'WK_DENIED',
      message: /: others may change it, .*; run chmod [67]00 /,
    });
    await chmod(path, allowed ?? good);
    const warnings = await check();
    assert.equal(warnings.length, allowed === null ? 0 : 1);
    if (allowed !== null) assert.match(warnings[0] ?? '', /: others may look into it; run chmod [67]00 /);
    await chmod(path, good);
  }
});
