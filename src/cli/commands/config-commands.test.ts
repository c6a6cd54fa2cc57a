import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { WatchError } from '../../model/errors.ts';
import { keys } from '../../model/definitions.ts';
import { nodeFiles } from '../../runtime/node/files.ts';
import { writeIdentityFile } from '../../security/identity-file.ts';
import { eventually, TestServers, type TestServersOptions } from '../../server/testing/test-servers.ts';
import type { RunningServer } from '../../server/start-server.ts';
import { Rights, type Right } from '../../model/rights.ts';
import { runFake, type Ran } from '../fake-cli.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-config-'));
});
after(() => rm(folder, { recursive: true }));

/** A pool of two servers, and commands as its administrator. */
class Pool implements AsyncDisposable {
  readonly servers: TestServers;
  readonly #identity: string;

  private constructor(servers: TestServers, identity: string) {
    this.servers = servers;
    this.#identity = identity;
  }

  static async start(name: string, options?: TestServersOptions): Promise<Pool> {
    const servers = await TestServers.start(2, options);
    const identity = servers.pool.identity('user');
    const { coreId } = identity;
    await servers.define(keys.user(coreId), { coreId, name: 'ann', createdMs: 0 });
    const role = { order: [], failback: 'manual', pinned: null, carrier: null };
    await servers.define(keys.role('acting'), { role: 'acting', ...role });
    const file = join(folder, `${name}.pem`);
    await writeIdentityFile(nodeFiles, file, await servers.pool.credentials(identity));
    await eventually('ann is known', () =>
      servers.running.every(({ view }) => view.access.users().length === 1),
    );
    return new Pool(servers, file);
  }

  /** A server of it; its commands go to the first. */
  at(number: number): RunningServer {
    const server = this.servers.running[number];
    assert.ok(server);
    return server;
  }

  run(...words: string[]): Promise<Ran> {
    const to = ['--server', this.servers.urlOf(this.at(0)), '--identity', this.#identity];
    return runFake(['config', ...words, ...to], { runtime: this.servers.runtime, workingDirectory: folder });
  }

  async ran(...words: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(...words);
    assert.equal(exitCode, 0, `${words.join(' ')}: ${stderr}`);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.servers[Symbol.asyncDispose]();
  }
}

async function write(path: string, text: string): Promise<void> {
  const file = join(folder, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
}

async function filesIn(path: string): Promise<Record<string, string>> {
  const names = await readdir(join(folder, path), { recursive: true });
  const files = names.filter((name) => name.endsWith('.yaml')).toSorted();
  const texts = files.map(async (name) => [name, await readFile(join(folder, path, name), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(texts));
}

const disk = 'kind: command\nname: disk\ncommand: [/opt/check_disk, -w, "80"]\nevery: 1m\n';

async function writeExample(to: string): Promise<void> {
  await write(`${to}/policies/disk.yaml`, disk);
  await write(
    `${to}/policies/shop.yaml`,
    "kind: log-file\nname: shop\npath: /var/log/shop.log\nconditions:\n  - match: '^(?<text>ERROR .*)'\n    severity: major\n",
  );
  await write(`${to}/policy-groups/linux.yaml`, 'policies: [disk]\n');
  await write(
    `${to}/policy-groups/shop.yaml`,
    'description: all of the shop\npolicies: [shop]\ngroups: [linux]\n',
  );
  await write(`${to}/node-groups/all.yaml`, 'groups: [web]\npolicyGroups: [linux]\n');
  await write(
    `${to}/node-groups/web.yaml`,
    'nodes: [web*]\npolicyGroups: [shop]\nrules:\n  - addresses: [10.1.0.0/16]\n    labels: {tier: web}\n',
  );
  await write(`${to}/nodes/web01.yaml`, 'labels: {tier: web, site: oslo}\n');
  await write(`${to}/external-nodes/printers.yaml`, 'names: [printer-*]\naddresses: [10.9.0.0/16]\n');
  await write(`${to}/user-roles/dba.yaml`, 'permissions:\n  - right: operate\n    nodes: [db*]\n');
  await write(`${to}/users/ben.yaml`, 'displayName: Ben\nroles: [dba, observer]\n');
  await write(`${to}/users/ann.yaml`, 'roles: [administrator]\n');
  await write(`${to}/settings/enrolment.yaml`, 'approval: required\n');
  await write(`${to}/roles/acting.yaml`, 'order: [m2, m1]\nfailback: automatic\nsettle: 90s\n');
  await write(
    `${to}/roles/virtual-interface/front.yaml`,
    'order: [m1]\nfailback: manual\ncarrier: {kind: load-balancer, host: front.example.net, port: 443}\n',
  );
}

test('what one pool exports another applies, and exports the same; what differs is said, and pruned', async () => {
  await using first = await Pool.start('first');
  await using second = await Pool.start('second');
  await writeExample('written');
  const plan = JSON.parse(await first.ran('apply', 'written', '--dry-run', '--json'));
  assert.equal(plan.changes.length, 13, 'ann is as she is, acting is not');
  assert.deepEqual(first.at(0).view.policies.list(), [], 'a dry run writes nothing');
  await first.ran('apply', 'written');
  assert.match(await first.ran('apply', 'written'), /^0 to create, 0 to change, 0 to remove, 14 unchanged$/m);
  assert.equal(first.at(1).view.policies.list().length, 2, 'on the other server too');

  await first.ran('export', 'a');
  await second.ran('apply', 'a', '--prune');
  await second.ran('export', 'b');
  assert.deepEqual(await filesIn('b'), await filesIn('a'));
  const policy = (await filesIn('a'))['policies/disk.yaml'];
  assert.equal(
    policy,
    'kind: command\nname: disk\ncommand:\n  - /opt/check_disk\n  - -w\n  - "80"\nevery: 1m\n',
  );
  assert.equal((await second.run('diff', 'a')).exitCode, 0);

  await write('a/policies/disk.yaml', `# checks the disks\n${disk.replace('1m', '5m')}`);
  await rm(join(folder, 'a/external-nodes/printers.yaml'));
  const diff = await second.run('diff', 'a');
  assert.equal(diff.exitCode, 7);
  assert.match(
    diff.stdout,
    /^change {2}policy\/disk\n {8}every: 1m -> 5m\nremove {2}external-node\/printers$/m,
  );
  await second.ran('apply', 'a', '--prune');
  assert.match(await second.ran('export', 'a', '--json'), /"written": 0/);
  assert.match((await filesIn('a'))['policies/disk.yaml'] ?? '', /^# checks the disks$/m, 'comments stay');
});

test('a large plan goes on by itself when the coordinator is away for a moment, whether or not it took what it was told', async () => {
  let refusals = 0;
  let writes = 0;
  const away = new WatchError('WK_COORDINATOR_AWAY', 'the coordinator does not answer');
  await using pool = await Pool.start('away', {
    coordination: (inner) => ({
      get: (key) => inner.get(key),
      list: (prefix) => inner.list(prefix),
      watch: (...watched) => inner.watch(...watched),
      close: () => inner.close(),
      transact: async (transaction) => {
        if (!transaction.writes.some(({ key }) => key.startsWith(keys.allNodeAttributes)))
          return inner.transact(transaction);
        writes += 1;
        if (writes === 2) throw away;
        const result = await inner.transact(transaction);
        if (writes !== 4) return result;
        refusals += 1;
        throw away;
      },
    }),
  });
  for (let number = 1; number <= 150; number++) await write(`away/nodes/n${number}.yaml`, 'labels: {a: b}\n');
  const { exitCode, stderr } = await pool.run('apply', 'away');
  assert.equal(exitCode, 0, stderr);
  assert.equal(stderr.match(/the coordinator does not answer; it goes on in a moment/g)?.length, 2);
  assert.match(stderr, /150 changes applied/);
  assert.deepEqual([writes, refusals], [4, 1], 'what was done is not done again');
  assert.match(await pool.ran('apply', 'away'), /0 to create, 0 to change, 0 to remove, 150 unchanged/);
});

test('files that are wrong are refused with file, line and the nearest known key, and nothing is done', async () => {
  await using pool = await Pool.start('wrong');
  const refused = async (path: string, text: string, expected: RegExp): Promise<void> => {
    await rm(join(folder, 'bad'), { recursive: true, force: true });
    await write(`bad/${path}`, text);
    const { exitCode, stderr } = await pool.run('apply', 'bad');
    assert.notEqual(exitCode, 0, path);
    assert.match(stderr, expected);
  };
  await refused(
    'policies/disk.yaml',
    disk.replace('every', 'evry'),
    /disk\.yaml:4: evry: is not a known key; did you mean every\?/,
  );
  await refused('policies/dsk.yaml', disk, /dsk\.yaml: the policy calls itself disk, not dsk/);
  await refused('policys/disk.yaml', disk, /policys: is no folder of definitions; did you mean policies\?/);
  await refused(
    'node-groups/web.yaml',
    'rules:\n  - lables: {a: b}\n',
    /web\.yaml:2: rules\[0\]\.lables: .*did you mean labels\?/,
  );
  await refused('node-groups/web.yaml', 'policies: [disk]\n', /node-group\/web: there is no policy disk/);
  await refused(
    'roles/acting.yaml',
    'order: [m9]\n',
    /role\/acting: there is no server m9; there are: m1, m2/,
  );
  await refused('node-groups/a b.yaml', '{}\n', /a b\.yaml: its name must be/);
  await refused('users/ann.yaml', 'roles: [observer]\n', /no administrator would be left/);
  await write('bad/node-groups/a.yaml', 'groups: [b]\n');
  await write('bad/node-groups/b.yaml', 'groups: [c]\n');
  await refused('node-groups/c.yaml', 'groups: [c]\n', /node group c would hold itself: c > c/);
  await rm(join(folder, 'bad'), { recursive: true, force: true });
  await write('bad/policies/one.yaml', 'kind: command\n');
  await write('bad/policies/two.yaml', 'kind: log-file\n');
  const two = await pool.run('apply', 'bad');
  assert.match(
    two.stderr,
    /one\.yaml:1: name: is missing.*\n.*two\.yaml:1: name: is missing.*\n.*2 files in .* are wrong/,
  );
  assert.match((await pool.run('apply', 'bad', '--prune')).stderr, /wrong/);
  assert.deepEqual(pool.at(0).view.policies.list(), []);
});

test('history says who changed what, on every server, and leads back to any revision', async () => {
  await using pool = await Pool.start('history');
  await write('h/policies/disk.yaml', disk);
  await pool.ran('apply', 'h');
  await eventually('the other server knows it', () => pool.at(1).view.policies.list().length === 1);
  await pool
    .at(1)
    .view.policies.set('disk', { source: { kind: 'command', name: 'disk', command: ['/bin/false'] } }, 'ben');
  await eventually('the first server knows it', () => pool.at(0).view.policies.list()[0]?.by === 'ben');
  await pool.at(0).view.policies.remove('disk', undefined, 'cyd');
  const history = async (): Promise<{ what: string; by: string; revision: number; changes: string[] }[]> =>
    JSON.parse(await pool.ran('history', 'policy/disk', '--json')).changes;
  await eventually(
    'the first server has what the second wrote',
    () => pool.at(0).view.config.history({ limit: 9 }, everything).length === 3,
  );
  const [removed, changed, created] = await history();
  assert.deepEqual([removed?.what, changed?.what, created?.what], ['removed', 'changed', 'created']);
  assert.deepEqual([removed?.by, changed?.by, created?.by], ['cyd', 'ben', 'ann']);
  assert.deepEqual(changed?.changes, [
    'command: ["/opt/check_disk","-w","80"] -> ["/bin/false"]',
    'every: 1m -> (nothing)',
  ]);
  assert.equal((await pool.run('show', 'policy/disk')).exitCode, 3);
  assert.match(
    await pool.ran('show', 'policy/disk', '--revision', String(created?.revision)),
    /^every: 1m$/m,
  );
  await pool.ran('rollback', 'policy/disk', '--revision', String(created?.revision));
  assert.equal(pool.at(0).view.policies.list()[0]?.source['every'], '1m');
  assert.equal((await history())[0]?.what, 'created');
  assert.match(await pool.ran('history', 'policy'), /ann +created +policy\/disk +config rollback/);
  assert.match((await pool.run('show', 'policie/disk')).stderr, /no kind policie; did you mean policy\?/);
  const { view } = pool.at(0);
  await eventually(
    'both servers have it all',
    () => view.config.history({ limit: 9 }, everything).length === 4,
  );
  let left = Infinity;
  for (let tries = 0; left > 0 && tries < 500; tries++) {
    left = (await pool.servers.coordination().list(keys.definitionChanges)).items.length;
    await pause(10);
  }
  assert.equal(left, 0, 'and the coordinator holds none of it any more');
});

test('what is done beside the files is in the history too, and what was written beside the API does not hide a change', async () => {
  await using pool = await Pool.start('beside');
  const { view } = pool.at(0);
  await view.access.createUser({ name: 'dora', roles: ['observer'] }, 'ben');
  await view.access.changeUser('dora', { kind: 'password', password: 'a long one, 22 letters' }, 'ben');
  await view.access.changeUser('dora', { kind: 'disable' }, 'cyd');
  await view.access.setUserRole('dba', { permissions: [{ right: 'see' }] }, 'ben');
  await view.changeRole('acting', { kind: 'failback', failback: 'automatic' }, 'cyd');
  const told = view.config
    .history({ limit: 9 }, everything)
    .map(({ by, via, what, kind, name, changes }) =>
      [by, via, what, `${kind}/${name}`, ...changes].join(' '),
    );
  assert.deepEqual(told, [
    'cyd role failback created role/acting',
    'ben user-role set created user-role/dba',
    'cyd user disable changed user/dora disabled: (nothing) -> true',
    'ben user add created user/dora',
  ]);
  const shown = JSON.stringify(view.config.page(undefined, everything)) + told.join();
  assert.ok(!/argon2|password/.test(shown), 'no secret is ever shown');
});

test('the second of two writers is told what the first one did, and nothing of its change is done', async () => {
  await using pool = await Pool.start('conflict');
  await write('c/policies/disk.yaml', disk);
  await write('c/policies/other.yaml', disk.replace('name: disk', 'name: other'));
  await pool.ran('apply', 'c');
  const { config, policies } = pool.at(1).view;
  await eventually(
    'the second server has both and their history',
    () => policies.list().length === 2 && config.history({ limit: 9 }, everything).length === 2,
  );
  const seen = policies.list().map(({ name, revision, source }) => ({
    kind: 'policy' as const,
    name,
    revision,
    content: { ...source, timeout: '5s' },
  }));
  await pool.at(0).view.policies.set('disk', { source: { ...seen[0]?.content, every: '7m' } }, 'ben');
  await assert.rejects(
    config.apply(seen.toReversed(), everything, { via: 'config apply', hold: false }),
    /policy\/disk is at revision \d+ now, not at \d+ any more; ben changed every: 1m -> 7m.*; look/,
  );
  assert.equal(policies.list().find(({ name }) => name === 'other')?.source['timeout'], undefined);
  await assert.rejects(
    config.apply([{ ...place('policy', 'new'), revision: 9, content: null }], everything, {
      via: 'x',
      hold: false,
    }),
    /policy\/new was removed/,
  );
  await write('c/node-groups/web.yaml', 'policies: [disk]\n');
  await pool.ran('apply', 'c', '--no-deploy');
  await rm(join(folder, 'c/policies/disk.yaml'));
  await pool.ran('export', 'c2');
  await rm(join(folder, 'c2/policies/disk.yaml'));
  const used = await pool.run('apply', 'c2', '--prune');
  assert.equal(used.exitCode, 6);
  assert.match(used.stderr, /policy disk is used by node group web; take it out of there first/);
  await pool.at(0).view.policies.remove('disk', { force: true }, 'ann');
  assert.deepEqual(pool.at(0).view.policies.groups()[0]?.policies, [], 'taken out of those that named it');
});

function place(kind: 'policy', name: string) {
  return { kind, name };
}

const everything = {
  name: 'ann',
  coreId: null,
  rights: new Rights(['see', 'configure', 'administer'].map((right) => ({ right: right as Right }))),
};
