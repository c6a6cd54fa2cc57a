import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../model/errors.ts';
import type { Timers } from '../runtime/clock.ts';
import { sleep } from '../runtime/timing.ts';
import { transactionStepsMax, valueBytesMax } from './check-transaction.ts';
import type { Change, Coordination, Transaction } from './coordination.ts';

/** One empty coordinator for one test. */
export interface CoordinationFixture {
  /** Another client of the same coordinator. */
  open(): Promise<Coordination>;
  readonly timers: Timers;
  /** More than this many transactions and a watcher that slept gets a reset. */
  readonly logRevisionsMax: number;
  /** Closes every client and removes what was made. */
  close(): Promise<void>;
}

type Body = (fixture: CoordinationFixture, a: Coordination, b: Coordination) => Promise<void>;

/** What every implementation of the port must do, run against the real thing and against every imitation. */
export function coordinationContract(name: string, make: () => Promise<CoordinationFixture>): void {
  for (const [title, body] of Object.entries({ ...stores, ...refuses, ...watches }))
    test(`${name}: ${title}`, { timeout: 20_000 }, async () => {
      const fixture = await make();
      try {
        await body(fixture, await fixture.open(), await fixture.open());
      } finally {
        await fixture.close();
      }
    });
}

const stores: Record<string, Body> = {
  'an absent key reads as null and has revision 0 in conditions': async (_, a) => {
    assert.equal(await a.get('x'), null);
    const first = await a.transact(put('x', '1', 0));
    assert.ok(first.done && first.revision > 0);
    assert.deepEqual(await a.get('x'), { key: 'x', value: '1', revision: first.revision });
  },
  'a write under a condition that does not hold changes nothing and names the keys': async (_, a, b) => {
    await a.transact(put('x', '1', 0));
    const before = await a.list('');
    const refused = await b.transact({
      conditions: [
        { key: 'x', revision: 0 },
        { key: 'y', revision: 0 },
      ],
      writes: [{ key: 'y', value: '2' }],
    });
    assert.deepEqual(refused, { done: false, failed: ['x'] });
    assert.deepEqual(await b.list(''), before);
  },
  'revisions grow over the whole store, and those of one transaction are equal': async (_, a, b) => {
    const first = await a.transact(put('x', '1', 0));
    const second = await b.transact({
      conditions: [],
      writes: ['p', 'q'].map((key) => ({ key, value: key })),
    });
    assert.ok(first.done && second.done && second.revision > first.revision);
    const { items, revision } = await a.list('');
    assert.deepEqual(
      items.map((item) => item.revision),
      [second.revision, second.revision, first.revision],
    );
    assert.equal(revision, second.revision);
  },
  'writing the same value again gives a new revision': async (_, a) => {
    const first = await a.transact(put('x', '1', 0));
    assert.ok(first.done);
    const second = await a.transact(put('x', '1', first.revision));
    assert.ok(second.done && second.revision > first.revision);
  },
  'of two rivals with one condition exactly one wins': async (_, a, b) => {
    for (let round = 0; round < 20; round++) {
      const revision = (await a.get('x'))?.revision ?? 0;
      const results = await Promise.all([a, b].map((one, i) => one.transact(put('x', `${i}`, revision))));
      assert.equal(results.filter(({ done }) => done).length, 1);
    }
  },
  'counting up by condition from two sides loses nothing': async (_, a, b) => {
    await Promise.all([a, b].map((one) => countUp(one, 25)));
    assert.equal((await a.get('n'))?.value, '50');
  },
  'a list has exactly the keys of its prefix, sorted': async (_, a) => {
    for (const key of ['b/2', 'b/10', 'a', 'b', 'b/Z', 'b0', 'b/z', 'c'])
      await a.transact({ conditions: [], writes: [{ key, value: key }] });
    const { items } = await a.list('b/');
    assert.deepEqual(
      items.map(({ key }) => key),
      ['b/10', 'b/2', 'b/Z', 'b/z'],
    );
  },
  'a deleted key is absent, and can be made again under revision 0': async (_, a) => {
    await a.transact(put('x', '1', 0));
    const removed = await a.transact({ conditions: [], writes: [{ key: 'x', value: null }] });
    assert.equal(await a.get('x'), null);
    const again = await a.transact(put('x', '2', 0));
    assert.ok(removed.done && again.done && again.revision > removed.revision);
  },
  'values keep every character': async (_, a) => {
    const value = JSON.stringify({ text: 'Größe \u{1f514} \u0000 \n "' });
    await a.transact(put('x', value, 0));
    assert.equal((await a.get('x'))?.value, value);
  },
  'as many writes as allowed go through in one transaction': async (_, a, b) => {
    const writes = Array.from({ length: transactionStepsMax }, (_, i) => ({ key: `k/${i}`, value: `${i}` }));
    assert.ok((await a.transact({ conditions: [], writes })).done);
    assert.equal((await b.list('k/')).items.length, transactionStepsMax);
  },
};

const refuses: Record<string, Body> = {
  'a value of 1 MiB is taken, one byte more is refused': async (_, a) => {
    assert.ok((await a.transact(put('x', 'v'.repeat(valueBytesMax), 0))).done);
    await failsWith('WK_BAD_REQUEST', a.transact(put('y', 'v'.repeat(valueBytesMax + 1), 0)));
  },
  'too many writes, a key twice and odd keys are refused': async (_, a) => {
    const many = Array.from({ length: transactionStepsMax + 1 }, (_, i) => ({ key: `${i}`, value: '' }));
    await failsWith('WK_BAD_REQUEST', a.transact({ conditions: [], writes: many }));
    const twice = ['1', '2'].map((value) => ({ key: 'x', value }));
    await failsWith('WK_BAD_REQUEST', a.transact({ conditions: [], writes: twice }));
    for (const key of ['', 'a b', 'ä', 'a\n', 'k'.repeat(513)])
      await failsWith('WK_BAD_REQUEST', a.transact(put(key, '', 0)));
  },
  'every call after close fails as away': async (_, a) => {
    await a.close();
    await a.close();
    await failsWith('WK_COORDINATOR_AWAY', a.get('x'));
    await failsWith('WK_COORDINATOR_AWAY', a.list(''));
    await failsWith('WK_COORDINATOR_AWAY', a.transact(put('x', '1', 0)));
    assert.throws(() => a.watch('', 0, () => undefined), { code: 'WK_COORDINATOR_AWAY' });
  },
};

const watches: Record<string, Body> = {
  'a watch sees every change of others and of itself once, in order, deletions too': async (f, a, b) => {
    const seen = record(a, 'n', 0);
    await Promise.all([countUp(a, 15), countUp(b, 15)]);
    await a.transact({ conditions: [], writes: [{ key: 'n', value: null }] });
    await until(f, () => seen.values.at(-1) === null);
    const numbers = Array.from({ length: 30 }, (_, i) => `${i + 1}`);
    assert.deepEqual(seen.values, [...numbers, null]);
    assert.deepEqual(
      seen.revisions,
      [...seen.revisions].sort((x, y) => x - y),
    );
  },
  'a watch starts after the revision it names': async (f, a, b) => {
    await b.transact(put('p/x', 'old', 0));
    const { revision } = await a.list('p/');
    await b.transact(put('p/y', 'new', 0));
    const seen = record(a, 'p/', revision);
    await until(f, () => seen.values.length > 0);
    assert.deepEqual(seen.values, ['new']);
  },
  'a watch sees only its prefix, and one transaction as one change': async (f, a, b) => {
    const changes: Change[] = [];
    a.watch('p/', 0, (change) => changes.push(change));
    const keys = ['o', 'p/1', 'p/2', 'q'];
    await b.transact({ conditions: [], writes: keys.map((key) => ({ key, value: key })) });
    await until(f, () => changes.length > 0);
    assert.deepEqual(
      changes.map(({ items }) => items.map(({ key }) => key)),
      [['p/1', 'p/2']],
    );
  },
  'a closed watch hears nothing more': async (f, a, b) => {
    const seen = record(a, '', 0);
    seen.close();
    await b.transact(put('x', '1', 0));
    await sleep(f.timers, 100);
    assert.deepEqual(seen.values, []);
  },
  'a watcher too far behind gets the whole list as a reset, then goes on': async (f, a, b) => {
    const writes = f.logRevisionsMax * 2 + 40;
    for (let i = 0; i < writes; i++)
      await b.transact({ conditions: [], writes: [{ key: `k/${i % 3}`, value: `${i}` }] });
    const changes: Change[] = [];
    a.watch('k/', 1, (change) => changes.push(change));
    await until(f, () => changes.length > 0);
    const { items, revision } = await a.list('k/');
    assert.deepEqual(changes, [{ reset: true, items, revision }]);
    await b.transact({ conditions: [], writes: [{ key: 'k/9', value: 'after' }] });
    await until(f, () => changes.length > 1);
    assert.equal(changes[1]?.reset, false);
  },
  'a watch from a revision that never was gets a reset': async (f, a, b) => {
    await b.transact(put('x', '1', 0));
    const changes: Change[] = [];
    a.watch('', 1_000_000, (change) => changes.push(change));
    await until(f, () => changes.length > 0);
    assert.equal(changes[0]?.reset, true);
    assert.equal(changes[0]?.items.length, 1);
  },
};

function put(key: string, value: string, revision: number): Transaction {
  return { conditions: [{ key, revision }], writes: [{ key, value }] };
}

async function countUp(coordination: Coordination, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const item = await coordination.get('n');
    const next = `${Number(item?.value ?? '0') + 1}`;
    if ((await coordination.transact(put('n', next, item?.revision ?? 0))).done) done++;
  }
}

function record(coordination: Coordination, prefix: string, from: number) {
  const values: (string | null)[] = [];
  const revisions: number[] = [];
  const watch = coordination.watch(prefix, from, (change) => {
    assert.equal(change.reset, false);
    for (const { value, revision } of change.items) {
      values.push(value);
      revisions.push(revision);
    }
  });
  return { values, revisions, close: () => watch.close() };
}

async function until(fixture: CoordinationFixture, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !holds(); i++) await sleep(fixture.timers, 10);
  assert.ok(holds(), 'it did not happen in time');
}

async function failsWith(code: string, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.equal(codeOf(error), code);
    return true;
  });
}
