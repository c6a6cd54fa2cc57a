import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { WatchError } from '../model/errors.ts';
import type { RenewRequest } from '../model/trust.ts';
import { manualTime } from '../runtime/manual-time.ts';
import { silentLog } from '../runtime/node/log.ts';
import { nodeRandom } from '../runtime/node/random.ts';
import type { Credentials } from '../runtime/network.ts';
import { issueCertificate } from './authority.ts';
import { certificateInfo } from './certificate-info.ts';
import type { IdentityStore } from './identity-store.ts';
import { makeKeyPair } from './key-pair.ts';
import { decideRenewal, type RenewalState } from './renewal-plan.ts';
import { Renewer } from './renewer.ts';
import { TestPool } from './test-pool.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const pool = await TestPool.make();

/** An agent whose clock is `aheadMs` from that of the servers, and everything it asks of them. */
async function makeHouse(aheadMs = 0, madeAgoMs = 0, failing: WatchError | null = null) {
  const time = manualTime();
  const serverWallMs = () => time.clock.wallMs();
  const clock = { ...time.clock, wallMs: () => time.clock.wallMs() + aheadMs };
  const identity = pool.identity('agent');
  const credentials = await pool.credentials(identity, serverWallMs() - madeAgoMs);
  const asked: number[] = [];
  const kept: Credentials[] = [];
  const store: IdentityStore = {
    nextKey: () => Promise.resolve(makeKeyPair()),
    believe: () => Promise.resolve(),
    replace: (next) => {
      kept.push(next);
      return Promise.resolve();
    },
  };
  const renewer = new Renewer({
    runtime: { clock, timers: time.timers, random: nodeRandom, log: silentLog },
    credentials,
    store,
    async ask({ publicKeyPem }: RenewRequest) {
      asked.push(serverWallMs());
      if (failing) throw failing;
      const as = { nowMs: serverWallMs(), serial: nodeRandom.bytes(16) };
      const certificatePem = await issueCertificate(
        pool.authority,
        { identity, publicKeyPem, name: 'a', as },
        { clock, random: nodeRandom },
      );
      return { certificatePem, authorityPems: [pool.authority.certificatePem] };
    },
    renewed: () => undefined,
  });
  /** Time passes in steps, and what is asked is answered in between. */
  const pass = async (ms: number, stepMs = 6 * hourMs): Promise<void> => {
    for (let left = ms; left > 0; left -= stepMs) {
      const before = asked.length;
      time.advance(Math.min(left, stepMs));
      await pause(0);
      for (let i = 0; i < 500 && asked.length > before && isAnswered() && kept.length < asked.length; i++)
        await pause(1);
      await pause(0);
    }
  };
  const isAnswered = (): boolean => failing === null;
  const recover = (): void => {
    failing = null;
    asked.length = 0;
  };
  return { time, renewer, asked, kept, pass, recover, serverWallMs, credentials };
}

test('an agent of seven days renews after half of them, for as long as it runs, by one request each time', async () => {
  const { renewer, asked, kept, pass, serverWallMs } = await makeHouse();
  for (let day = 0; day < 21; day++) {
    await pass(dayMs);
    const { notAfterMs } = certificateInfo(renewer.credentials.certificatePem);
    assert.ok(notAfterMs - serverWallMs() > 2.5 * dayMs, `day ${day}`);
  }
  assert.ok(asked.length >= 5 && asked.length <= 8, `${asked.length} requests`);
  assert.equal(kept.length, asked.length);
  assert.equal(renewer.credentials, kept.at(-1));
  renewer.close();
});

for (const days of [-30, -5, -1, 1, 5, 30])
  test(`a clock that is wrong by ${days} days lets no certificate run out and does not loop`, async () => {
    const { renewer, asked, pass, serverWallMs } = await makeHouse(days * dayMs);
    await pass(0.1);
    for (let hours = 0; hours < 21 * 24; hours += 12) {
      await pass(12 * hourMs);
      const { notAfterMs } = certificateInfo(renewer.credentials.certificatePem);
      assert.ok(notAfterMs - serverWallMs() > dayMs, `after ${hours} hours`);
    }
    assert.ok(asked.length >= 5 && asked.length <= 14, `${asked.length} requests`);
    renewer.close();
  });

test('who was off for a month asks at once, and again with growing patience while nobody answers', async () => {
  const house = await makeHouse(0, 30 * dayMs, new WatchError('WK_UNREACHABLE'));
  const { renewer, asked, pass, recover } = house;
  await pass(2 * hourMs, 30_000);
  assert.ok(asked.length >= 6 && asked.length <= 20, `${asked.length} requests`);
  recover();
  await pass(2 * hourMs, 60_000);
  assert.ok(certificateInfo(renewer.credentials.certificatePem).notAfterMs > house.serverWallMs());
  renewer.close();
});

test('a refusal by a server makes a young certificate new, but not again and again', async () => {
  const { renewer, asked, pass } = await makeHouse();
  renewer.want();
  await pass(60_000, 10_000);
  assert.equal(asked.length, 1);
  for (let minute = 0; minute < 9; minute++) {
    renewer.want();
    await pass(60_000, 60_000);
  }
  assert.equal(asked.length, 1);
  await pass(10 * 60_000, 60_000);
  assert.equal(asked.length, 2);
  renewer.close();
});

test('an answer with the certificate of somebody else is not taken', async () => {
  const time = manualTime();
  const identity = pool.identity('agent');
  const credentials = await pool.credentials(identity, time.clock.wallMs() - 5 * dayMs);
  const asked = Promise.withResolvers<void>();
  const wrong = await pool.credentials(pool.identity('agent'), time.clock.wallMs());
  const renewer = new Renewer({
    runtime: { clock: time.clock, timers: time.timers, random: nodeRandom, log: silentLog },
    credentials,
    store: {
      nextKey: () => Promise.resolve(makeKeyPair()),
      believe: () => Promise.resolve(),
      replace: () => assert.fail('it was kept'),
    },
    ask: () => {
      asked.resolve();
      return Promise.resolve({ ...wrong, authorityPems: [...wrong.authorityPems] });
    },
    renewed: () => assert.fail('it was used'),
  });
  await asked.promise;
  await pause(20);
  assert.equal(renewer.credentials, credentials);
  renewer.close();
});

test('each reason to wait or to renew', () => {
  const state: RenewalState = {
    kind: 'agent',
    validity: { notBeforeMs: -dayMs, notAfterMs: 7 * dayMs },
    heldAtMs: 0,
    isFresh: false,
    wanted: false,
    failedAtMs: null,
    failures: 0,
    draw: 0,
  };
  const because = (change: Partial<RenewalState>, wallMs: number, monotonicMs = 0): string =>
    decideRenewal({ ...state, ...change }, wallMs, monotonicMs).because;
  assert.equal(because({}, 3 * dayMs), 'it is young');
  assert.equal(because({}, 3.5 * dayMs), 'half of its life is over');
  assert.equal(because({ draw: 0.99 }, 2.9 * dayMs), 'half of its life is over');
  assert.equal(because({}, -40 * dayMs, 3.5 * dayMs), 'half of its life is over');
  assert.equal(because({ isFresh: true }, 40 * dayMs, dayMs), 'it is new');
  assert.equal(because({ isFresh: true }, 40 * dayMs, 2 * dayMs), 'half of its life is over');
  assert.equal(because({ wanted: true }, 0), 'a new one is wanted');
  assert.equal(because({ failedAtMs: 0, failures: 1 }, 5 * dayMs, 10_000), 'the last attempt failed');
  assert.equal(because({ failedAtMs: 0, failures: 1 }, 5 * dayMs, 30_000), 'half of its life is over');
});
