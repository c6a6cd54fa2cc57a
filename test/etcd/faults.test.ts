import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Change } from '../../src/coordination/coordination.ts';
import { until } from '../pool/real-pool.ts';
import { isInstalled } from '../runner/needs.ts';
import { clientOf, compact, leaderOf, Seen, Writer } from './etcd-clients.ts';
import { EtcdCluster } from './etcd-cluster.ts';
import { TcpGate } from './tcp-gate.ts';

const options = {
  timeout: 40_000,
  ...(!isInstalled('etcd') && { skip: 'etcd is not installed' }),
};

test('the leader is killed while two write and one watches: no change is missed', options, async (t) => {
  await using cluster = await EtcdCluster.start(3);
  const leader = await leaderOf(cluster);
  // The first endpoint is the one that dies, so that everybody has to move.
  const endpoints = [leader, ...cluster.names.filter((name) => name !== leader)].map((name) =>
    cluster.endpointOf(name),
  );
  await using writing = clientOf(endpoints);
  await using watching = clientOf(endpoints);
  const seen = new Seen(watching);
  const writers = ['x', 'y'].map((key) => new Writer(writing, key));
  await until('both have written', () => writers.every(({ revisions }) => revisions.length > 30), 10_000);
  const calm = writers.flatMap(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const before = writers.map(({ revisions }) => revisions.length);
  await cluster.kill(leader);
  await until(
    'both go on',
    () => writers.every(({ revisions }, i) => revisions.length > (before[i] ?? 0) + 30),
    10_000,
  );
  await Promise.all(writers.map((writer) => writer.stop()));
  await until('all was seen', () => writers.every((writer) => seen.missing(writer).length === 0), 5_000);
  assert.ok(seen.inOrder);
  assert.equal(seen.resets, 0);
  const longest = Math.max(...writers.map(({ longestGapMs }) => longestGapMs));
  const median = calm[Math.floor(calm.length / 2)] ?? 0;
  t.diagnostic(
    `write: median ${median.toFixed(1)} ms, longest gap ${Math.round(longest)} ms, ` +
      `${writers.map(({ unknown }) => unknown).join('+')} unknown outcomes, ${seen.revisions.length} changes seen`,
  );
  assert.ok(longest < 5_000, `no write for ${longest} ms`);
  assert.ok(writers.every(({ longestCallMs }) => longestCallMs < 700));
});

test('the member in use is stopped: the watch moves to another, and one call is lost', options, async (t) => {
  await using cluster = await EtcdCluster.start(3);
  const leader = await leaderOf(cluster);
  const [used = '', ...others] = cluster.names.filter((name) => name !== leader);
  const endpoints = [used, ...others, leader].map((name) => cluster.endpointOf(name));
  // Watches only: nothing but its own look at the member can tell it.
  await using watching = clientOf(endpoints);
  const seen = new Seen(watching);
  await using writing = clientOf([leader, ...others].map((name) => cluster.endpointOf(name)));
  const writer = new Writer(writing, 'x');
  await using both = clientOf(endpoints);
  const second = new Writer(both, 'y');
  await until('the watch runs', () => seen.revisions.length > 20, 10_000);
  cluster.send(used, 'SIGSTOP');
  const stoppedMs = performance.now();
  const mark = seen.revisions.length;
  await sleep(300);
  await until('the watch goes on', () => seen.revisions.length > mark + 40, 10_000);
  t.diagnostic(`watch silent for less than ${Math.round(performance.now() - stoppedMs)} ms`);
  cluster.send(used, 'SIGCONT');
  await sleep(500);
  await Promise.all([writer.stop(), second.stop()]);
  await until('all was seen', () => [writer, second].every((each) => seen.missing(each).length === 0), 5_000);
  assert.ok(seen.inOrder);
  assert.ok(second.unknown <= 2, `${second.unknown} calls were lost`);
  assert.equal(writer.unknown, 0);
});

test('compacted while a watcher was cut off: it gets the whole list, then goes on', options, async () => {
  await using cluster = await EtcdCluster.start(1);
  const endpoint = cluster.endpoints[0] ?? '';
  await using gate = await TcpGate.to(Number(new URL(endpoint).port));
  await using writing = clientOf([endpoint]);
  await using watching = clientOf([gate.endpoint]);
  const changes: Change[] = [];
  watching.watch('', 0, (change) => changes.push(change));
  const put = (key: string, value: string | null) =>
    writing.transact({ conditions: [], writes: [{ key, value }] });
  await put('a', '1');
  await put('gone', '1');
  await until('the watch runs', () => changes.length === 2, 5_000);
  gate.cut();
  await put('gone', null);
  const last = await put('b', '2');
  assert.ok(last.done);
  await compact(endpoint, last.revision);
  gate.open();
  await until('the watch is back', () => changes.length > 2, 5_000);
  assert.deepEqual(changes[2], { reset: true, ...(await writing.list('')) });
  assert.deepEqual(
    changes[2]?.items.map(({ key }) => key),
    ['a', 'b'],
  );
  await put('c', '3');
  await until('the watch goes on', () => changes.length > 3, 5_000);
  assert.equal(changes[3]?.reset, false);
});

test(
  'without a majority every call fails within a second, and all goes on afterwards',
  options,
  async (t) => {
    await using cluster = await EtcdCluster.start(3);
    await using client = clientOf(cluster.endpoints, 1_000);
    const seen = new Seen(client);
    const write = { conditions: [], writes: [{ key: 'x', value: '1' }] };
    await client.transact(write);
    const [, second = '', third = ''] = cluster.names;
    await Promise.all([cluster.kill(second), cluster.kill(third)]);
    let longestMs = 0;
    for (const call of [
      () => client.transact(write),
      () => client.get('x'),
      () => client.list(''),
      () => client.transact(write),
    ]) {
      const sentMs = performance.now();
      await assert.rejects(call, { code: 'WK_COORDINATOR_AWAY' });
      longestMs = Math.max(longestMs, performance.now() - sentMs);
    }
    t.diagnostic(`longest failing call ${Math.round(longestMs)} ms`);
    assert.ok(longestMs < 1_200);
    for (const name of [second, third]) cluster.run(name);
    await until('it writes again', async () => (await client.transact(write)).done, 15_000);
    const { revision } = await client.list('');
    await until('the watch goes on', () => seen.revisions.at(-1) === revision, 5_000);
    assert.ok(seen.inOrder);
  },
);
