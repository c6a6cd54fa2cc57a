import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { agentConfigText } from './agent-config-text.ts';
import { runFake, type Ran } from '../fake-cli.ts';
import { processRuntime } from '../process-runtime.ts';

const runtime = processRuntime('', 'silent');

async function newPool(t: TestContext): Promise<{ folder: string; run: (line: string) => Promise<Ran> }> {
  const folder = await mkdtemp(join(tmpdir(), 'wk-private-'));
  t.after(() => rm(folder, { recursive: true }));
  const run = (line: string): Promise<Ran> => runFake(line.split(' '), { runtime, workingDirectory: folder });
  const made = await run(
    'pool create --name north --server m1 --listen 127.0.0.1:7101 --config m1.yaml --data data/m1',
  );
  assert.equal(made.exitCode, 0, made.stderr);
  return { folder, run };
}

test('what pool create makes is for its owner alone', async (t) => {
  const { folder } = await newPool(t);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  assert(entries.length > 5);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const { mode } = await stat(path);
    assert.equal((mode & 0o777).toString(8), entry.isDirectory() ? '700' : '600', path);
  }
});

test('keeper and server refuse to start on what others may read', async (t) => {
  const { folder, run } = await newPool(t);
  for (const name of ['data/m1/identity.pem', 'data/m1/authority.pem', 'data/north-coordination.db']) {
    await chmod(join(folder, name), 0o640);
    const { exitCode, stderr } = await run('server run --config m1.yaml');
    assert.equal(exitCode, 4, stderr);
    assert.equal(
      stderr,
      `watchkeeper: ${folder}/${name}: others may read it; run chmod 600 ${folder}/${name}\n`,
    );
    await chmod(join(folder, name), 0o600);
  }
  await chmod(join(folder, 'm1.yaml'), 0o666);
  const { exitCode, stderr } = await run('server run --config m1.yaml');
  assert.equal(exitCode, 4);
  assert.match(stderr, /m1\.yaml: others may change it, and with it what runs here; run chmod 600 /);
});

test('an agent refuses to start on a buffer that others may read, and on policies that they may write', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wk-private-'));
  t.after(() => rm(folder, { recursive: true }));
  const data = join(folder, 'agent');
  const policies = join(data, 'policies');
  await mkdir(policies, { recursive: true, mode: 0o700 });
  const identity = { certificate: 'agent/certificate.pem', key: 'agent/key.pem', authorities: 'agent/a.pem' };
  const coreId = 'd3b07384-d9a0-4c9b-8f1e-2a1b3c4d5e6f';
  const servers = ['https://127.0.0.1:7101'];
  const text = agentConfigText({ name: 'web01', coreId, pool: coreId, servers, data, identity, policies });
  await writeFile(join(folder, 'agent.yaml'), text, { mode: 0o600 });
  const run = (): Promise<Ran> =>
    runFake(['agent', 'run', '--config', 'agent.yaml'], { runtime, workingDirectory: folder });
  await writeFile(join(data, 'buffer.db'), '', { mode: 0o644 });
  assert.match((await run()).stderr, /buffer\.db: others may read it; run chmod 600 /);
  await chmod(join(data, 'buffer.db'), 0o600);
  await chmod(policies, 0o777);
  assert.match((await run()).stderr, /policies: others may change it, .* chmod 700 /);
});
