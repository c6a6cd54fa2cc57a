import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Passwords } from '../../access/password.ts';
import { newSessionKey } from '../../access/session-keys.ts';
import { keys } from '../../model/definitions.ts';
import { nodeClock } from '../../runtime/node/clock.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import { eventually, TestServers } from '../../server/testing/test-servers.ts';
import { writeIdentityFile } from '../../security/identity-file.ts';
import { serverPaths } from '../../server/server-paths.ts';
import { runFake, type Ran } from '../fake-cli.ts';
import { processRuntime } from '../process-runtime.ts';

const secret = 'seven blue lanterns at noon';
const runtime = processRuntime('', 'silent');
let folder: string;
let servers: TestServers;

/** Each word that has blanks stands in quotes. */
function run(line: string, input?: string): Promise<Ran> {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  return runFake(words, { runtime, workingDirectory: folder, ...(input !== undefined && { input }) });
}

async function good(line: string, input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run(line, input);
  assert.equal(exitCode, 0, `${line}: ${stderr}`);
  return stdout + stderr;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-access-'));
  servers = await TestServers.start(2);
  const identity = servers.pool.identity('user');
  const password = await new Passwords(nodeRandom).hash(secret);
  const root = { coreId: identity.coreId, name: 'root', createdMs: 0, roles: ['administrator'], password };
  await servers.define(keys.sessionKeys, { keys: [newSessionKey(nodeRandom, nodeClock.wallMs())] });
  await servers.define(keys.user(identity.coreId), root);
  await eventually('all know root', () => servers.running.every((s) => s.view.access.users().length === 1));
  await eventually('they are connected', () =>
    servers.running.every((s) => s.view.poolStatus().members.every(({ positions }) => positions !== null)),
  );
  await writeIdentityFile(runtime.files, join(folder, 'root.pem'), await servers.pool.credentials(identity));
  await writeFile(join(folder, 'pool.pem'), servers.pool.authority.certificatePem);
  const urls = servers.running.map((server) => `--server ${servers.urlOf(server)}`).join(' ');
  await good(`context add admin ${urls} --identity root.pem`);
  await good(`context add person ${urls} --authority pool.pem`);
});
after(async () => {
  await servers[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test('an administrator adds users, and a user signs in, is somebody, and signs out', async () => {
  const added = await good(
    'user add ann --role observer --called "Ann Berg" --password-stdin --context admin',
    secret,
  );
  assert.match(added, /ann is a user with observer/);
  assert.match(await good('user list --context admin'), /ann +enabled +set +observer +Ann Berg/);
  assert.match(
    await good('login ann --context person', `${secret}\n`),
    /you are ann in person, with observer/,
  );
  const path = join(folder, '.config/watchkeeper/session-person');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const token = await readFile(path, 'utf8');
  const who = await good('whoami --context person');
  assert.match(who, /user +ann \(Ann Berg\)\nroles +observer\nsee +everything/);
  const denied = await run('user list --context person');
  assert.equal(denied.exitCode, 4);
  assert.match(denied.stderr, /ann has no right to administer/);
  assert.match(await good('logout --context person'), /over on every server/);
  await assert.rejects(stat(path));
  await writeFile(join(folder, 'old'), token, { mode: 0o600 });
  const old = await run('whoami --context person --token-file old');
  assert.equal(old.exitCode, 4);
  assert.match(old.stderr, /the session is over/);
});

test('a wrong password is one line, and the password stands nowhere', async () => {
  const { exitCode, stderr } = await run('login ann --context person', 'never this one');
  assert.equal(exitCode, 4);
  assert.equal(stderr, 'watchkeeper: the name or the password is wrong\n');
});

test('a user changes the own password and stays signed in', async () => {
  await good('user add bob --password-stdin --context admin', secret);
  await good('login bob --context person', secret);
  const other = 'quite another long one';
  await good('user password --context person', `${secret}\n${other}`);
  assert.match(await good('whoami --context person'), /bob/);
  await good('user disable bob --context admin');
  await eventually('bob is out', () =>
    servers.running.every((s) => s.view.access.users().some((u) => u.disabled)),
  );
  assert.equal((await run('whoami --context person')).exitCode, 4);
  await good('user enable bob --context admin');
  await good('user remove bob --context admin');
});

test('user roles give rights over some nodes, and a link lets a user set its password', async () => {
  await good('user-role set dba --allow operate:db*:oracle,backup-* --about databases --context admin');
  assert.match(
    await good('user-role show dba --context admin'),
    /operate +nodes db\*, groups oracle backup-\*/,
  );
  assert.match(await good('user-role list --context admin'), /dba +0 +operate +databases/);
  const link = await good('user add dora --role dba --context admin');
  assert.match(link, /^https:\/\/127\.0\.0\.1:\d+\/setup\?name=dora#wku1\.\S{43}$/m);
  assert.match(await good('user link dora --context admin'), /once, until/);
  const busy = await run('user-role remove dba --context admin');
  assert.equal(busy.exitCode, 6);
  await good('user role dora --context admin');
  await good('user-role remove dba --context admin');
  for (const [line, reason] of [
    ['user-role set x --allow fly --context admin', /is not RIGHT/],
    ['user-role set operator --allow see --context admin', /built in/],
    ['user role dora wizard --context admin', /no user role wizard/],
    ['user role root observer --context admin', /last administrator/],
  ] as const)
    assert.match((await run(line)).stderr, reason);
});

test('the audit trail says who did it, and verify notices what is removed on one server', async () => {
  const list = await good('audit list --action user-role --context admin');
  assert.match(list, /root +127\.0\.0\.1 +allowed +user-role\.set +dba/);
  const [, b] = servers.running;
  assert.ok(b);
  await eventually('the trails are the same', () =>
    servers.running.every((s) => s.view.poolStatus().members.every(({ lagEntries }) => lagEntries === 0)),
  );
  assert.match(
    await good('audit verify --context admin'),
    /the audit trail is whole: \d+ records, the same on 2 servers/,
  );
  const database = runtime.databases.open(serverPaths(servers.dataOf(b)).database, {
    synchronous: 'full',
    busyMs: 2_000,
  });
  database.exec(
    'DELETE FROM audit WHERE (origin, number) IN (SELECT origin, max(number) FROM audit GROUP BY origin)',
  );
  database.close();
  const { exitCode, stdout } = await run('audit verify --context admin');
  assert.equal(exitCode, 1);
  assert.match(stdout, /^on m2: records? \d+ (to \d+ )?of m1 \(\S+\) (was|were) removed$/m);
});
