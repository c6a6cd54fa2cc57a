import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { HttpCall } from '../../runtime/network.ts';
import { jsonAnswer, runFake, type Ran } from '../fake-cli.ts';
import { processRuntime } from '../process-runtime.ts';

const runtime = processRuntime('', 'silent');
let folder = '';

const policy = `TIMETEMPLATES
  TIMETEMPLATE "night" DESCRIPTION ""
    TIMETMPLCONDS
      TIMETMPLCOND TIME FROM 18:00 TO 24:00
RESPMGRCONFIGS
  RESPMGRCONFIG DESCRIPTION "desk"
    MSGTARGETRULES
      MSGTARGETRULE DESCRIPTION "databases"
        MSGTARGETRULECONDS
          MSGTARGETRULECOND DESCRIPTION "db" MSGGRP "Database"
        MSGTARGETMANAGERS
          MSGTARGETMANAGER TIMETEMPLATE "night" OPCMGR IP 0.0.0.0 "dba.example.net"
`;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-policy-'));
  await writeFile(join(folder, 'desk.mgrconf'), policy);
  await writeFile(join(folder, 'odd.mgrconf'), policy.replace('DESCRIPTION "db" ', ''));
  await writeFile(join(folder, 'bad.mgrconf'), policy.replace('"night" OPCMGR', '"day" OPCMGR'));
  await writeFile(join(folder, 'good.yaml'), 'kind: command\nname: load\ncommand: [/bin/true]\n');
  await writeFile(join(folder, 'bad.yaml'), 'kind: command\nname: load\ncommand: [true]\n');
});
after(() => rm(folder, { recursive: true }));

function run(...words: string[]): Promise<Ran> {
  return runFake(['policy', ...words], { runtime, workingDirectory: folder });
}

const explain = ['explain', 'desk.mgrconf', '--zone', 'Europe/Oslo', '--at'];
const database = [
  '--message',
  '{"severity": "Critical", "group": "Database", "node": "db7", "text": "full"}',
];

test('policy check exits with 0 for warnings and with 1 for errors, and says where', async () => {
  assert.deepEqual(await run('check', 'desk.mgrconf', 'good.yaml'), {
    exitCode: 0,
    stdout: 'desk.mgrconf: good\ngood.yaml: good\n',
    stderr: '',
  });
  const odd = await run('check', 'odd.mgrconf');
  assert.equal(odd.exitCode, 0);
  assert.equal(
    odd.stdout,
    'odd.mgrconf:10:11: warning: MSGTARGETRULECOND has no DESCRIPTION\nodd.mgrconf: good\n',
  );
  const bad = await run('check', 'bad.mgrconf', 'bad.yaml');
  assert.equal(bad.exitCode, 1);
  assert.match(bad.stdout, /^bad\.mgrconf:12:11: error: no time template "day" is defined$/m);
  assert.match(bad.stdout, /^bad\.yaml: error: .*bad\.yaml:3: command\[0\]/m);
  const { files } = JSON.parse((await run('check', '--json', 'bad.mgrconf')).stdout);
  assert.deepEqual(files[0].findings[1], {
    level: 'error',
    line: 12,
    column: 11,
    text: 'no time template "day" is defined',
  });
});

test('policy explain says which rule decides, and why', async () => {
  const night = await run(...explain, '2026-11-18T19:30', ...database);
  assert.equal(
    night.stdout,
    `at 2026-11-18 19:30:00+01:00 Europe/Oslo
rule "databases" (line 8) decides: a condition matches
  fits: MSGTARGETRULECOND DESCRIPTION "db" MSGGRP "Database"
the message goes to IP 0.0.0.0 "dba.example.net"
`,
  );
  const day = JSON.parse((await run(...explain, '2026-11-18T09:30', ...database, '--json')).stdout);
  assert.deepEqual(day.targets, [{ manager: '$OPC_PRIMARY_MGR', share: null }]);
  assert.equal(day.rules[0].because, 'nothing of it is in effect at this time');
});

test('policy explain refuses what it cannot understand', async () => {
  const refused = async (...words: string[]): Promise<string> => {
    const { exitCode, stderr } = await run(...words);
    assert.equal(exitCode, 2);
    return stderr;
  };
  assert.match(await refused(...explain, 'noon', ...database), /--at noon is not a time/);
  assert.match(await refused('explain', 'desk.mgrconf', '--zone', 'Mars', ...database), /not a time zone/);
  assert.match(await refused('explain', 'desk.mgrconf', '--message', '{'), /--message is not JSON/);
  assert.match(await refused('explain', 'desk.mgrconf', '--message', '{"grp": "x"}'), /grp/);
  assert.match(await refused('explain', 'bad.mgrconf', ...database), /bad\.mgrconf: line 12, column 11/);
});

test('policy print writes what can be read again', async () => {
  const { stdout } = await run('print', 'odd.mgrconf');
  assert.match(stdout, /MSGTARGETRULECOND DESCRIPTION "" MSGGRP "Database"/);
  await writeFile(join(folder, 'again.mgrconf'), stdout);
  assert.equal((await run('print', 'again.mgrconf')).stdout, stdout);
});

/** Asks a pool that answers every question with these, in this order. */
async function ask(words: string[], ...answers: unknown[]): Promise<Ran & { calls: HttpCall[] }> {
  const calls: HttpCall[] = [];
  await writeFile(join(folder, 'authority.pem'), 'PEM');
  const ran = await runFake(words, {
    runtime,
    workingDirectory: folder,
    environment: { WK_SERVER: 'https://m1:1', WK_TOKEN: 'wkt', WK_AUTHORITY: 'authority.pem' },
    answer: (call) => {
      calls.push(call);
      return jsonAnswer(answers[calls.length - 1]);
    },
  });
  return { ...ran, calls };
}

const counts = { current: 2, pending: 1, refused: 0, unknown: 0 };
const source = { kind: 'command', name: 'load', command: ['/bin/true'] };
const view = {
  name: 'load',
  kind: 'command',
  groups: ['all'],
  nodes: counts,
  revision: 7,
  changedMs: 0,
  by: 'ann',
};
const group = {
  name: 'web',
  nodes: ['web*'],
  groups: [],
  policies: ['load'],
  members: 2,
  revision: 9,
  changedMs: 0,
  by: 'ann',
};

test('policy set checks every file before it sends the first', async () => {
  const bad = await ask(['policy', 'set', 'good.yaml', 'bad.yaml']);
  assert.equal(bad.exitCode, 2);
  assert.match(bad.stderr, /bad\.yaml:3: command\[0\]/);
  assert.equal(bad.calls.length, 0);
  const good = await ask(['policy', 'set', 'good.yaml'], { ...view, source });
  assert.deepEqual(JSON.parse(String(good.calls[0]?.body)), { source });
  assert.equal(good.stderr, 'policy load is defined (2 current, 1 pending)\n');
});

test('policy set takes a file of flexible management, named after it', async () => {
  const answered = { ...view, name: 'desk', kind: 'flexible-management', source };
  const { calls, stderr } = await ask(['policy', 'set', 'desk.mgrconf'], answered);
  assert.match(calls[0]?.url ?? '', /\/api\/v1\/policies\/desk$/);
  const sent = { kind: 'flexible-management', name: 'desk', text: policy };
  assert.deepEqual(JSON.parse(String(calls[0]?.body)), { source: sent });
  assert.match(stderr, /policy desk is defined/);
  const bad = await ask(['policy', 'set', 'bad.mgrconf']);
  assert.deepEqual([bad.exitCode, bad.calls.length], [2, 0]);
  assert.match(bad.stderr, /bad\.mgrconf: line 12, column 11: no time template "day" is defined/);
});

test('policy show prints what policy set takes', async () => {
  const { stdout } = await ask(['policy', 'show', 'load'], { ...view, source });
  await writeFile(join(folder, 'shown.yaml'), stdout);
  assert.equal((await run('check', 'shown.yaml')).exitCode, 0);
});

test('policy status tells drift by its exit code, and why', async () => {
  const node = {
    coreId: 'c',
    name: 'web01',
    state: 'current',
    groups: ['all'],
    policies: ['load'],
    primary: null,
    digest: 'd',
    running: null,
  };
  const refused = {
    ...node,
    name: 'web02',
    state: 'refused',
    running: { generation: 1, digest: 'x', refused: { digest: 'd', text: 'load: not allowed here' } },
  };
  assert.equal((await ask(['policy', 'status'], { nodes: [node] })).exitCode, 0);
  const drift = await ask(['policy', 'status', '--drift'], { nodes: [node, refused] });
  assert.equal(drift.exitCode, 7);
  assert.match(drift.stdout, /web02 +refused +load +all +load: not allowed here/);
  assert.doesNotMatch(drift.stdout, /web01/);
});

test('node-group set adds and takes away, on what it saw', async () => {
  const words = ['node-group', 'set', 'web', '--node', 'www?', '--policy', 'disk', '--remove-policy', 'load'];
  const { calls } = await ask(words, { groups: [group] }, { ...group, policies: ['disk'] });
  assert.equal(calls[1]?.method, 'PUT');
  assert.deepEqual(JSON.parse(String(calls[1]?.body)), {
    nodes: ['web*', 'www?'],
    rules: [],
    groups: [],
    policies: ['disk'],
    policyGroups: [],
    revision: 9,
  });
});
