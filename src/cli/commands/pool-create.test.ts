import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openCoordination } from '../../coordination/open.ts';
import { actingRole, keys, poolSchema, roleDefinitionSchema } from '../../model/definitions.ts';
import { userDefinitionSchema } from '../../model/users.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import { readAuthorityFile } from '../../security/authority-file.ts';
import { readIdentityFile } from '../../security/identity-file.ts';
import { serverConfigSchema } from '../../server/config.ts';
import { runFake, type Ran } from '../fake-cli.ts';
import { processRuntime } from '../process-runtime.ts';

const runtime = processRuntime('', 'silent');

async function start(t: TestContext): Promise<{ folder: string; run: (line: string) => Promise<Ran> }> {
  const folder = await mkdtemp(join(tmpdir(), 'wk-cli-'));
  t.after(() => rm(folder, { recursive: true }));
  return { folder, run: (line) => runFake(line.split(' '), { runtime, workingDirectory: folder }) };
}

const create = 'pool create --name north --server m1 --listen 127.0.0.1:7101 --config m1.yaml --data data/m1';

test('pool create founds a pool: configuration, identities, coordinator, context', async (t) => {
  const { folder, run } = await start(t);
  const { exitCode, stdout, stderr } = await run(`${create} --json`);
  assert.equal(exitCode, 0, stderr);
  assert.equal(JSON.parse(stdout).server.name, 'm1');

  const config = await readYamlFile(runtime.files, join(folder, 'm1.yaml'), serverConfigSchema);
  const server = await readIdentityFile(runtime.files, join(folder, 'data/m1/identity.pem'));
  const admin = await readIdentityFile(runtime.files, join(folder, '.config/watchkeeper/north-admin.pem'));
  const authority = await readAuthorityFile(runtime, join(folder, 'data/m1/authority.pem'));
  assert.deepEqual(server.identity, { pool: config.pool.id, kind: 'server', coreId: config.server.coreId });
  assert.equal(admin.identity.kind, 'user');
  assert.deepEqual(admin.credentials.authorityPems, [authority.certificatePem]);

  const coordination = await openCoordination(config.coordination, runtime);
  t.after(() => coordination.close());
  const read = async (key: string): Promise<unknown> =>
    JSON.parse((await coordination.get(key))?.value ?? 'null');
  assert.deepEqual(poolSchema.parse(await read(keys.pool)).authorities, [authority.certificatePem]);
  assert.deepEqual(roleDefinitionSchema.parse(await read(keys.role(actingRole))).order, [
    config.server.coreId,
  ]);
  assert.equal(userDefinitionSchema.parse(await read(keys.user(admin.identity.coreId))).name, 'admin');

  const contexts = JSON.parse((await run('context list --json')).stdout);
  assert.equal(contexts.current, 'north');
  assert.deepEqual(contexts.contexts.north.servers, ['https://127.0.0.1:7101']);
});

test('pool create overwrites nothing and founds no pool in a coordinator that has one', async (t) => {
  const { folder, run } = await start(t);
  assert.equal((await run(create)).exitCode, 0);
  const before = await readFile(join(folder, 'm1.yaml'), 'utf8');
  const again = await run(create);
  assert.equal(again.exitCode, 6);
  assert.match(
    again.stderr,
    /^watchkeeper: .*m1\.yaml: is there already; choose another --config and --data\n$/,
  );
  assert.equal(await readFile(join(folder, 'm1.yaml'), 'utf8'), before);
  const other = await run(create.replaceAll('m1.yaml', 'x.yaml').replace('data/m1', 'data/x'));
  assert.equal(other.exitCode, 6);
  assert.match(other.stderr, /holds a pool already/);
  assert.equal(await runtime.files.status(join(folder, 'x.yaml')), null);
});

test('bad options are usage errors in one line', async (t) => {
  const { run } = await start(t);
  for (const [from, to, reason] of [
    ['--name north', '--name nor/th', /must be 1 to 63 letters/],
    ['127.0.0.1:7101', '7101', /must be HOST:PORT/],
    ['127.0.0.1:7101', '127.0.0.1:0', /must be HOST:PORT/],
    ['127.0.0.1:7101', '0.0.0.0:7101', /say with --url/],
    [' --data data/m1', '', /required option '--data <DIR>' not specified/],
  ] as const) {
    const { exitCode, stderr, stdout } = await run(create.replace(from, to));
    assert.equal(exitCode, 2, to);
    assert.match(stderr, reason);
    assert.match(stderr, /^watchkeeper: [^\n]+\n$/);
    assert.equal(stdout, '');
  }
});

test('virtual interfaces are defined once and removed', async (t) => {
  const { folder, run } = await start(t);
  await run(create);
  const add = 'virtual-interface add front --address 127.0.0.1:7100 --prefer m1 --config m1.yaml';
  assert.equal((await run(add)).exitCode, 0);
  assert.equal((await run(add)).exitCode, 6);
  assert.equal((await run(add.replace('front', 'back').replace('m1', 'm9'))).exitCode, 3);
  const { coordination: url } = await readYamlFile(
    runtime.files,
    join(folder, 'm1.yaml'),
    serverConfigSchema,
  );
  const coordination = await openCoordination(url, runtime);
  t.after(() => coordination.close());
  const item = await coordination.get(keys.role('virtual-interface/front'));
  const { carrier } = roleDefinitionSchema.parse(JSON.parse(item?.value ?? ''));
  assert.deepEqual(carrier, { kind: 'listen', host: '127.0.0.1', port: 7100 });
  assert.equal((await run('virtual-interface remove front --config m1.yaml')).exitCode, 0);
  assert.equal((await run('virtual-interface remove front --config m1.yaml')).exitCode, 3);
});

test('a coordinator that is not on this machine is not made anew', async (t) => {
  const { folder, run } = await start(t);
  await run(create);
  await rm(join(folder, 'data/north-coordination.db'));
  const { exitCode, stderr } = await run('virtual-interface remove front --config m1.yaml');
  assert.equal(exitCode, 1);
  assert.match(stderr, /serves one machine only/);
  await assert.rejects(stat(join(folder, 'data/north-coordination.db')));
});

test('a configuration that is wrong is told with its line', async (t) => {
  const { folder, run } = await start(t);
  await run(create);
  const path = join(folder, 'm1.yaml');
  await writeFile(path, `${await readFile(path, 'utf8')}colour: red\n`);
  const { exitCode, stderr } = await run('virtual-interface remove front --config m1.yaml');
  assert.equal(exitCode, 2);
  assert.match(stderr, /m1\.yaml:\d+: colour: is not a known key\n$/);
});

test('a server is backed up while it is in use, and restored elsewhere', async (t) => {
  const { folder, run } = await start(t);
  await run(create);
  assert.equal(
    (await run('server backup --config m1.yaml --to copy')).exitCode,
    3,
    'there is no database yet',
  );
  const database = runtime.databases.open(join(folder, 'data/m1/watchkeeper.db'), {
    synchronous: 'full',
    busyMs: 100,
  });
  t.after(() => database.close());
  database.exec("CREATE TABLE kept (text); INSERT INTO kept VALUES ('here')");

  const backup = await run('server backup --config m1.yaml --to copy');
  assert.equal(backup.exitCode, 0, backup.stderr);
  assert.equal((await run('server backup --config m1.yaml --to copy')).exitCode, 6);
  for (const name of ['identity.pem', 'authority.pem', 'watchkeeper.db', 'config.yaml', 'coordination.db'])
    assert.equal((await stat(join(folder, 'copy', name))).mode & 0o777, 0o600, name);

  const restore = 'server restore --from copy --config new.yaml --data data/new';
  assert.equal((await run(`${restore} --with-coordination`)).exitCode, 6, 'the coordinator is there');
  const restored = await run(restore);
  assert.equal(restored.exitCode, 0, restored.stderr);
  const config = await readYamlFile(runtime.files, join(folder, 'new.yaml'), serverConfigSchema);
  assert.equal(config.data, join(folder, 'data/new'));
  const copy = runtime.databases.open(join(folder, 'data/new/watchkeeper.db'), {
    synchronous: 'full',
    busyMs: 100,
  });
  t.after(() => copy.close());
  assert.equal(copy.prepare('SELECT text FROM kept').get<{ text: string }>()?.text, 'here');
  assert.equal((await run(restore)).exitCode, 6);
});

test('a lost pool comes back with a lineage of its own', async (t) => {
  const { folder, run } = await start(t);
  await run(create);
  const path = join(folder, 'data/m1/watchkeeper.db');
  runtime.databases.open(path, { synchronous: 'full', busyMs: 100 }).close();
  await run('server backup --config m1.yaml --to copy');
  const lineage = async (file: string): Promise<string> => {
    const coordination = await openCoordination(`sqlite:${join(folder, file)}`, runtime);
    const item = await coordination.get(keys.pool);
    await coordination.close();
    return poolSchema.parse(JSON.parse(item?.value ?? '')).lineage;
  };
  const before = await lineage('data/north-coordination.db');
  await rm(join(folder, 'data'), { recursive: true });
  await rm(join(folder, 'm1.yaml'));
  const restore = 'server restore --from copy --config m1.yaml --data data/m1';
  const refused = await run(restore);
  assert.equal(refused.exitCode, 3);
  assert.match(refused.stderr, /--with-coordination when the whole pool was lost/);
  assert.equal((await run(`${restore} --with-coordination`)).exitCode, 0);
  assert.notEqual(await lineage('data/north-coordination.db'), before);
});
