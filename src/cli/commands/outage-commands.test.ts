import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { HttpCall } from '../../runtime/network.ts';
import { jsonAnswer, runFake, type Ran } from '../fake-cli.ts';
import { processRuntime } from '../process-runtime.ts';

const nowMs = Date.UTC(2026, 11, 5, 20);
const real = processRuntime('', 'silent');
const runtime = { ...real, clock: { ...real.clock, wallMs: () => nowMs } };
let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-outage-'));
  await writeFile(join(folder, 'authority.pem'), 'PEM');
});
after(() => rm(folder, { recursive: true }));

/** Asks a pool that answers every question with these, in this order. */
async function ask(words: string[], ...answers: unknown[]): Promise<Ran & { calls: HttpCall[] }> {
  const calls: HttpCall[] = [];
  const ran = await runFake(['outage', ...words], {
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

function detail(name: string, until: string, revision: number) {
  const from = '2026-12-05T19:00:00Z';
  const source = { kind: 'outage', name, nodes: ['web*'], from, until, because: 'new disks' };
  const counts = { current: 0, pending: 0, refused: 0, unknown: 0 };
  return { name, kind: 'outage', groups: [], nodes: counts, revision, changedMs: 0, by: 'ann', source };
}
const running = detail('disks', '2026-12-05T21:00:00Z', 7);
const over = detail('earlier', '2026-12-05T19:30:00Z', 5);
const list = { policies: [running, over] };

test('outage add defines one that is not there yet, named after what it is about', async () => {
  const words = ['add', '--node', 'web*', '--message-group', 'Disk', '--for', '2h', '--because', 'new disks'];
  const { calls, stderr, exitCode } = await ask(words, { revision: 9 });
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(JSON.parse(String(calls[0]?.body)), {
    changes: [
      {
        kind: 'policy',
        name: 'web-20261205-2000',
        revision: 0,
        content: {
          kind: 'outage',
          name: 'web-20261205-2000',
          nodes: ['web*'],
          groups: ['Disk'],
          from: '2026-12-05T20:00:00.000Z',
          until: '2026-12-05T22:00:00.000Z',
          handling: 'suppressed',
          because: 'new disks',
        },
      },
    ],
    via: 'outage add',
  });
  assert.match(stderr, /^outage web-20261205-2000 is defined: nodes web\*; only message groups Disk, until /);
});

test('outage add refuses what would do nothing before it changes anything', async () => {
  const refused = async (words: string[], why: RegExp, ...answers: unknown[]) => {
    const { exitCode, stderr, calls } = await ask(['add', '--because', 'x', ...words], ...answers);
    assert.notEqual(exitCode, 0);
    assert.match(stderr, why);
    assert.ok(calls.every(({ method }) => method !== 'POST'));
  };
  await refused(['--for', '2h'], /say what is out/);
  await refused(['--node', 'web01'], /say when it ends/);
  await refused(['--node', 'web01', '--until', '2026-12-05T12:00:00Z'], /over before it begins/);
  await refused(['--node', 'web01', '--until', 'noon'], /--until noon is not a time/);
  await refused(['--node', 'web01', '--for', '400d'], /366 days/);
  await refused(['--node', 'web01', '--for', '1h', '--hold', '--log-only'], /cannot be used with/);
  const group = { name: 'oslo', nodes: [], members: 0, revision: 1, changedMs: 0, by: 'ann' };
  await refused(['--node-group', 'osol', '--for', '1h'], /no node group osol; did you mean oslo\?/, {
    groups: [{ ...group, rules: [], groups: [], policies: [], policyGroups: [] }],
  });
});

test('outage list shows who, why and until when, and those that are over when asked', async () => {
  const { stdout, stderr } = await ask(['list'], list, running, over);
  assert.match(stdout, /disks +now .* suppressed +ann +nodes web\* +new disks/);
  assert.doesNotMatch(stdout, /earlier/);
  assert.match(stderr, /1 are over/);
  const { outages } = JSON.parse((await ask(['list', '--all', '--json'], list, running, over)).stdout);
  assert.deepEqual(
    outages.map(({ name, state, untilMs }: Record<string, unknown>) => [name, state, untilMs]),
    [
      ['disks', 'now', Date.UTC(2026, 11, 5, 21)],
      ['earlier', 'over', Date.UTC(2026, 11, 5, 19, 30)],
    ],
  );
});

test('outage remove takes away what it saw, those that are over, and no other policy', async () => {
  const one = await ask(['remove', 'disks'], running, { removed: 'disks' });
  assert.match(one.calls[1]?.url ?? '', /\/policies\/disks\?revision=7$/);
  assert.equal(one.stderr, 'outage disks is removed\n');
  const old = await ask(['remove', '--over', '--json'], list, running, over, { removed: 'earlier' });
  assert.deepEqual(JSON.parse(old.stdout), { removed: ['earlier'] });
  const policy = { ...running, name: 'load', kind: 'command', source: { kind: 'command' } };
  const wrong = await ask(['remove', 'load'], policy);
  assert.match(wrong.stderr, /load is a policy, and no outage/);
  assert.equal(wrong.calls.length, 1);
  assert.match((await ask(['remove'])).stderr, /name the outages, or say --over/);
});

test('outage extend changes when one ends, as it was seen, and leaves one that is over', async () => {
  const { calls, stderr, exitCode } = await ask(['extend', 'disks', '--by', '1h'], running, running, {
    revision: 9,
  });
  assert.equal(exitCode, 0, stderr);
  const content = { ...running.source, until: '2026-12-05T22:00:00.000Z' };
  assert.deepEqual(JSON.parse(String(calls[2]?.body)), {
    changes: [{ kind: 'policy', name: 'disks', revision: 7, content }],
    via: 'outage extend',
  });
  assert.match(stderr, /^outage disks ends at /);
  const before = ['extend', 'disks', '--until', '2026-12-05T18:00:00Z'];
  assert.match((await ask(before, running, running)).stderr, /must be later than from/);
  assert.match((await ask(['extend', 'earlier', '--by', '1h'], over)).stderr, /outage earlier is over/);
  assert.match((await ask(['extend', 'disks'], running)).stderr, /say for how long/);
});
