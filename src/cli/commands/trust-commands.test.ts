import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openCoordination } from '../../coordination/open.ts';
import { keys } from '../../model/definitions.ts';
import { uuidV4 } from '../../model/uuid.ts';
import { runFake, type Ran } from '../fake-cli.ts';
import { processRuntime } from '../process-runtime.ts';

const runtime = processRuntime('', 'silent');

/** Two pools in one folder, `north` with m1.yaml and `south` with s1.yaml. */
async function twoPools(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'wk-trust-'));
  t.after(() => rm(folder, { recursive: true }));
  const run = (line: string): Promise<Ran> => runFake(line.split(' '), { runtime, workingDirectory: folder });
  const good = async (line: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await run(line);
    assert.equal(exitCode, 0, `${line}: ${stderr}`);
    return stdout;
  };
  for (const [pool, server, port] of [
    ['north', 'm1', 7101],
    ['south', 's1', 7201],
  ])
    await good(
      `pool create --name ${pool} --server ${server} --listen 127.0.0.1:${port} --config ${server}.yaml --data data/${server} --identity ${pool}.pem`,
    );
  return { folder, run, good };
}

test("another pool's trust is exported, imported, replaced and taken away again", async (t) => {
  const { folder, run, good } = await twoPools(t);
  const south = await good('trust export --config s1.yaml');
  await writeFile(join(folder, 'south.trust'), south);
  await writeFile(join(folder, 'own.trust'), await good('trust export --config m1.yaml'));
  await writeFile(join(folder, 'none.trust'), 'nothing of the kind\n');
  const authorities = async (): Promise<{ name: string; duty: string; fingerprint: string }[]> =>
    JSON.parse(await good('trust list --json --config m1.yaml')).authorities;
  const names = async (): Promise<string[]> => (await authorities()).map(({ name }) => name);

  await good('trust import south.trust --config m1.yaml');
  await good('trust import south.trust --config m1.yaml');
  assert.deepEqual(await names(), ['north', 'south'], 'twice is once');
  const own = await run('trust import own.trust --config m1.yaml');
  assert.deepEqual([own.exitCode, /trust rotate/.test(own.stderr)], [2, true]);
  assert.equal((await run('trust import none.trust --config m1.yaml')).exitCode, 2);

  // The other pool has rotated: merging keeps both of its authorities, an update has what it says now.
  await good('trust rotate --config s1.yaml');
  await writeFile(join(folder, 'both.trust'), await good('trust export --config s1.yaml'));
  await good('trust import both.trust --config m1.yaml');
  assert.deepEqual(await names(), ['north', 'south', 'south']);
  await good('trust update south.trust --config m1.yaml');
  assert.deepEqual(await names(), ['north', 'south']);

  const [ours, theirs] = await authorities();
  const signs = await run(`trust remove ${ours?.fingerprint.slice(0, 16)} --config m1.yaml`);
  assert.deepEqual([signs.exitCode, /it signs certificates of this pool/.test(signs.stderr)], [6, true]);
  assert.equal((await run('trust remove 0123456789abcdef --config m1.yaml')).exitCode, 3);
  await good(`trust remove ${theirs?.fingerprint.slice(0, 16)} --config m1.yaml`);
  assert.deepEqual(await names(), ['north']);
});

test('who waits to join is listed, approved and denied by name', async (t) => {
  const { folder, run, good } = await twoPools(t);
  await good('enrol approval required --config m1.yaml');
  const coordination = await openCoordination(`sqlite:${folder}/data/north-coordination.db`, runtime);
  t.after(() => coordination.close());
  for (const name of ['web01', 'web02']) {
    const coreId = uuidV4(runtime.random.bytes(16));
    const request = {
      coreId,
      kind: 'agent',
      name,
      keySha256: 'ab'.repeat(32),
      askedMs: 1,
      address: '192.0.2.7',
      state: 'waiting',
      by: null,
    };
    await coordination.transact({
      conditions: [],
      writes: [{ key: keys.enrolRequest(coreId), value: JSON.stringify(request) }],
    });
  }
  assert.match(await good('enrol list --config m1.yaml'), /web01.*192\.0\.2\.7/);
  await good('enrol approve web01 --config m1.yaml');
  await good('enrol deny web02 --config m1.yaml');
  const { requests } = JSON.parse(await good('enrol list --json --config m1.yaml'));
  assert.deepEqual(
    requests.map(({ name, state }: { name: string; state: string }) => [name, state]).toSorted(),
    [
      ['web01', 'approved'],
      ['web02', 'denied'],
    ],
  );
  assert.equal((await run('enrol approve nobody --config m1.yaml')).exitCode, 3);
});
