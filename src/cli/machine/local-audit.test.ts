import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { auditPageSchema, type AuditView } from '../../model/audit.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import { serverConfigSchema } from '../../server/config.ts';
import { startServer } from '../../server/start-server.ts';
import { runFake } from '../fake-cli.ts';
import { processRuntime } from '../process-runtime.ts';

const runtime = processRuntime('', 'silent');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function stage(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'wk-local-audit-'));
  t.after(() => rm(folder, { recursive: true }));
  const good = async (line: string): Promise<string> => {
    const environment = { USER: 'root', SUDO_USER: 'ann' };
    const ran = await runFake(line.split(' '), { runtime, workingDirectory: folder, environment });
    assert.equal(ran.exitCode, 0, `${line}: ${ran.stderr}`);
    return ran.stdout;
  };
  const made = await good(
    `pool create --name north --server m1 --listen 127.0.0.1:${await freePort()} --config m1.yaml --data data`,
  );
  assert.match(made, /founded/);
  const config = await readYamlFile(runtime.files, join(folder, 'm1.yaml'), serverConfigSchema);
  const local = async (): Promise<AuditView[]> => {
    const page = auditPageSchema.parse({
      next: null,
      ...JSON.parse(await good('audit list --limit 100 --json')),
    });
    return page.records.filter(({ by }) => by.endsWith('at the command line of m1'));
  };
  const eventually = async (count: number): Promise<AuditView[]> => {
    const endMs = performance.now() + 20_000;
    for (;;) {
      const records = await local();
      if (records.length >= count || performance.now() > endMs) return records;
      await pause(100);
    }
  };
  const start = () => startServer({ runtime, config, version: '0' });
  return { folder, good, start, eventually, file: join(folder, 'data/local-commands.jsonl') };
}

async function until(isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!isSo()) {
    assert(performance.now() < endMs, 'it does not become so');
    await pause(20);
  }
}

const actionsOf = (records: readonly AuditView[]): string[] => records.map(({ action }) => action).toSorted();

test('what commands of the machine do is in the audit trail, once, whether a server ran or not', async (t) => {
  const { good, start, eventually, file } = await stage(t);
  const token = (await good('pool token --for agent --name web01 --config m1.yaml')).trim();
  {
    await using _server = await start();
    const [first, ...others] = await eventually(1);
    assert.equal(others.length, 0);
    assert.equal(first?.action, 'pool.token');
    assert.equal(first?.by, 'root (sudo by ann) at the command line of m1');
    assert.match(first?.detail ?? '', /^at 2\d{3}-\S+Z, number [0-9a-f]{16}: /);
    await good('token create --name nightly --role observer --valid 1d --config m1.yaml');
    await good('enrol approval required --config m1.yaml');
    await good('token list --config m1.yaml');
    assert.deepEqual(actionsOf(await eventually(3)), ['enrol.approval', 'pool.token', 'token.create']);
    assert.equal((await eventually(3)).find(({ action }) => action === 'token.create')?.target, 'nightly');
  }
  await good('enrol approval none --config m1.yaml');
  // Half a line is what a command left that was ended: it is no record, and the next ones are.
  await appendFile(file, '{"kind":"ser');
  {
    await using _server = await start();
    assert.equal((await eventually(4)).length, 4);
    await appendFile(file, '\n');
    await good('enrol approval required --config m1.yaml');
    assert.equal((await eventually(5)).length, 5);
  }
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const noted = await readFile(file, 'utf8');
  for (const secret of token.split('.').filter((part) => part.length > 30)) assert(!noted.includes(secret));
});

test('a server that was ended while it took them takes the last ones again, with the same number', async (t) => {
  const { good, start, eventually, folder } = await stage(t);
  const taken = join(folder, 'data/local-commands.json');
  await good('enrol approval required --config m1.yaml');
  {
    await using _server = await start();
    assert.equal((await eventually(1)).length, 1);
    await until(() => existsSync(taken));
  }
  await writeFile(taken, '{"bytes":0}');
  await using _server = await start();
  const records = await eventually(2);
  assert.equal(records.length, 2);
  assert.equal(new Set(records.map(({ detail }) => detail)).size, 1);
});
