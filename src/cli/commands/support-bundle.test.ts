import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openCoordination } from '../../coordination/open.ts';
import { keys } from '../../model/definitions.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import { serverConfigSchema, type ServerConfig } from '../../server/config.ts';
import { startServer } from '../../server/start-server.ts';
import { runFake, type Ran } from '../fake-cli.ts';
import { processRuntime } from '../process-runtime.ts';

const password = 'seven-blue-lanterns-at-noon';
const pasted = 'correct-horse-battery';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A runtime that writes down which programs it starts. */
function watched(real: Runtime): { runtime: Runtime; lines: string[] } {
  const lines: string[] = [];
  const { commands } = real;
  const run: Runtime['commands']['run'] = (call) => {
    lines.push([call.file, ...call.args].join(' '));
    return commands.run(call);
  };
  return { runtime: { ...real, commands: { ...commands, run } }, lines };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

interface Stage {
  readonly folder: string;
  readonly runtime: Runtime;
  /** Command lines of every program that was started. */
  readonly lines: readonly string[];
  readonly run: (line: string, input?: string) => Promise<Ran>;
  readonly good: (line: string, input?: string) => Promise<string>;
}

async function stage(t: TestContext): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'wk-bundle-'));
  t.after(() => rm(folder, { recursive: true }));
  const { runtime, lines } = watched(processRuntime('', 'silent'));
  const run = (line: string, input?: string): Promise<Ran> =>
    runFake(line.split(' '), { runtime, workingDirectory: folder, ...(input !== undefined && { input }) });
  const good = async (line: string, input?: string): Promise<string> => {
    const ran = await run(line, input);
    assert.equal(ran.exitCode, 0, `${line}: ${ran.stderr}`);
    return ran.stdout;
  };
  return { folder, runtime, lines, run, good };
}

/** What only this machine and those who sign in may know, of a pool in use. */
async function secretsOf({ folder, runtime, good }: Stage, config: ServerConfig): Promise<string[]> {
  const joining = (await good('pool token --for agent --config m1.yaml')).trim();
  const service = (
    await good('token create --name nightly --role observer --valid 1d --config m1.yaml')
  ).trim();
  await good('user password admin', `${password}\n${password}\n`);
  await good(`context add person --server ${config.url} --authority data/identity.pem`);
  await good('login admin --context person', `${password}\n`);
  const kept = await Promise.all(
    (await filesBelow(join(folder, '.config'))).map((path) => readFile(path, 'utf8')),
  );
  const session = kept.find((text) => text.startsWith('wks1.')) ?? assert.fail('no session was kept');
  const coordination = await openCoordination(config.coordination, runtime);
  const stored = async (prefix: string): Promise<string> =>
    JSON.stringify((await coordination.list(prefix)).items);
  const [signing = ''] = /(?<=secret\\":\\")[\w-]+/.exec(await stored(keys.sessionKeys)) ?? [];
  const [hash = ''] = /\$argon2id[^"\\]+/.exec(await stored(keys.users)) ?? [];
  await coordination.close();
  assert(signing.length > 30 && hash.length > 50);
  const pems = await Promise.all(
    ['identity.pem', 'authority.pem'].map((name) => readFile(join(folder, 'data', name), 'utf8')),
  );
  const keyLines = pems
    .flatMap((pem) => (/PRIVATE KEY-----\s+([^-]+)-----/.exec(pem)?.[1] ?? '').split('\n'))
    .filter((text) => text.length > 20);
  assert(keyLines.length >= 4);
  return [joining, service, session.trim(), signing, hash, password, pasted, ...keyLines];
}

/** Into a log and into the configuration, as they are met there. */
async function plant(folder: string, secrets: readonly string[]): Promise<void> {
  const log = secrets
    .flatMap((secret) => [
      { msg: 'a request', headers: { cookie: `__Host-wk=${secret}`, authorization: `Bearer ${secret}` } },
      { msg: `failed: {"password":"${secret}"}`, apiToken: secret },
      { msg: `ran mysql --password ${secret} at https://root:${secret}@db/`, url: `/x?token=${secret}` },
    ])
    .map((line) => JSON.stringify(line));
  await writeFile(join(folder, 'm1.log'), `${log.join('\n')}\nthe server is up\n`);
  await appendFile(
    join(folder, 'm1.yaml'),
    `# the password: ${pasted}\n# etcd://root:${pasted}@10.0.0.1:2379\n`,
  );
}

async function unpacked(t: TestContext, archive: string): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'wk-unpacked-'));
  t.after(() => rm(folder, { recursive: true }));
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  const held = new Map<string, string>();
  for (const path of await filesBelow(folder))
    held.set(path.slice(folder.length + '/out/'.length), await readFile(path, 'utf8'));
  return held;
}

test('a bundle has what helps, and no secret of any kind that was planted anywhere', async (t) => {
  const on = await stage(t);
  const { folder, runtime, good } = on;
  const created = await good(
    `pool create --name north --server m1 --listen 127.0.0.1:${await freePort()} --config m1.yaml --data data`,
  );
  const setup = /#(wku1\.\S+)/.exec(created)?.[1] ?? assert.fail();
  const config = await readYamlFile(runtime.files, join(folder, 'm1.yaml'), serverConfigSchema);
  await using _server = await startServer({ runtime, config, version: '0.0.0' });
  const secrets = [setup, ...(await secretsOf(on, config))];
  await plant(folder, secrets);

  await good('support-bundle --config m1.yaml --to out.tar.gz --log m1.log not-there.log');
  const archive = join(folder, 'out.tar.gz');
  assert.equal((await stat(archive)).mode & 0o777, 0o600);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('.files')),
    [],
  );
  const held = await unpacked(t, archive);
  for (const secret of secrets) {
    for (const [name, text] of held) assert(!text.includes(secret), `${name} has ${secret}`);
    for (const line of on.lines) assert(!line.includes(secret), `${line} has ${secret}`);
  }
  assertHelps(held, config);
  assert.match((await on.run('support-bundle --config m1.yaml --to out.tar.gz')).stderr, /is there already/);
});

function assertHelps(held: ReadonlyMap<string, string>, config: ServerConfig): void {
  const document = (name: string) => JSON.parse(held.get(name) ?? '');
  const { versions } = document('about.json');
  assert.equal(versions.watchkeeper, '0.0.0');
  assert.match(versions.node, /^26\./);
  assert.match(held.get('config.yaml') ?? '', /listen: /);
  assert.equal(document('pool.json').pool.name, 'north');
  assert.equal(document('definitions.json').counts['users/'], 1);
  assert.deepEqual(Object.keys(document('role-history.json')), ['acting']);
  assert(document('certificates.json').length > 0);
  const checks = document('checks.json');
  assert.deepEqual(checks.database, [{ quick_check: 'ok' }]);
  assert.equal(checks.servers[config.url].outcome, 'ok');
  assert.deepEqual(checks.modes, []);
  assert.match(held.get('logs/1.log') ?? '', /the server is up\n$/);
  assert.match(held.get('logs/2.log') ?? '', /could not be had: .*not-there\.log/);
  assert.match(held.get('logs/etcd.log') ?? '', /could not be had/);
}
