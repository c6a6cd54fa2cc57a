import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { WatchError } from '../../model/errors.ts';
import type { Policy } from '../../model/policy.ts';
import { policySet, type PolicySource } from '../../policies/policy-set.ts';
import type { Files } from '../../runtime/files.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import { temporaryFolder, testAgentRuntime } from '../testing/test-agent-runtime.ts';
import { DeployedPolicies } from './deployed-policies.ts';

const load: PolicySource = { kind: 'command', name: 'load', command: ['/bin/true'] };

async function open(
  folder: string,
  more: { files?: Files; whyNotProgram?: (program: string) => string | null } = {},
) {
  const applied: (readonly string[])[] = [];
  const time = manualTime(0);
  let changes = 0;
  const deployed = await DeployedPolicies.open({
    runtime: { ...testAgentRuntime, ...time, files: more.files ?? testAgentRuntime.files },
    path: `${folder}/deployed.json`,
    apply: async (policies: readonly Policy[]) => void applied.push(policies.map(({ name }) => name)),
    whyNotProgram: more.whyNotProgram ?? (() => null),
    depot: { whyNot: () => null, hasAll: () => true, ensure: async () => {}, keepOnly: async () => {} },
    onChange: () => void (changes += 1),
  });
  const take = (generation: number, sources: readonly PolicySource[]) =>
    deployed.take({ generation, ...policySet(sources) });
  return { deployed, applied, take, time, changes: () => changes };
}

test('a set is stored before it is applied, and is there after a restart', async () => {
  await using folder = temporaryFolder();
  const first = await open(folder.path);
  const running = await first.take(7, [load]);
  assert.deepEqual(running, { generation: 7, digest: policySet([load]).digest, refused: null });
  assert.deepEqual(first.applied, [['load']]);
  assert.equal(statSync(`${folder.path}/deployed.json`).mode & 0o777, 0o600);
  const second = await open(folder.path);
  assert.deepEqual(second.deployed.running, running);
  assert.deepEqual(
    second.deployed.policies.map(({ name }) => name),
    ['load'],
  );
});

test('an older generation changes nothing, and is no fault of the set', async () => {
  await using folder = temporaryFolder();
  const { take, applied } = await open(folder.path);
  const running = await take(7, [load]);
  assert.deepEqual(await take(6, []), running);
  assert.deepEqual(applied, [['load']]);
});

test('one wrong policy refuses the set, and the last good one goes on', async () => {
  await using folder = temporaryFolder();
  const { take, applied, deployed } = await open(folder.path);
  await take(1, [load]);
  const wrong = { kind: 'log-file', name: 'shop', path: '/x', conditions: [{ match: '(?=a)' }] };
  const { refused, generation } = await take(2, [load, wrong]);
  assert.equal(generation, 1);
  assert.match(refused?.text ?? '', /^shop: conditions\.0\.match: /);
  assert.match((await take(3, [load, load])).refused?.text ?? '', /same name/);
  assert.deepEqual(applied, [['load']]);
  assert.equal((await deployed.take({ generation: 4, digest: 'x', text: '[]' })).generation, 1);
  assert.equal((await take(5, [])).refused, null);
  assert.deepEqual(applied, [['load'], []]);
});

test('what the node does not let run is refused, whoever sends it', async () => {
  await using folder = temporaryFolder();
  const { take } = await open(folder.path, {
    whyNotProgram: (program) => (program.startsWith('/opt/') ? null : `this node does not run ${program}`),
  });
  assert.match((await take(1, [load])).refused?.text ?? '', /load: this node .*\/bin\/true/);
});

test('a disk that takes nothing is tried again, and the change is told', async () => {
  await using folder = temporaryFolder();
  let isFull = true;
  const files: Files = {
    ...testAgentRuntime.files,
    writeAtomic: async (...call) => {
      if (isFull) throw new WatchError('WK_DISK_FULL');
      return await testAgentRuntime.files.writeAtomic(...call);
    },
  };
  const { take, deployed, time, applied, changes } = await open(folder.path, { files });
  assert.match((await take(1, [load])).refused?.text ?? '', /could not be stored/);
  isFull = false;
  time.advance(30_000);
  while (changes() === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(deployed.running.refused, null);
  assert.deepEqual(applied, [['load']]);
});

test('a file that is damaged is as none', async () => {
  await using folder = temporaryFolder();
  const path = `${folder.path}/deployed.json`;
  const { take } = await open(folder.path);
  await take(1, [load]);
  writeFileSync(path, readFileSync(path, 'utf8').replace('true', 'fals'));
  assert.equal((await open(folder.path)).deployed.running.generation, 0);
  writeFileSync(path, '{');
  assert.equal((await open(folder.path)).deployed.running.generation, 0);
});
