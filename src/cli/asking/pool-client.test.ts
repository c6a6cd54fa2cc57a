import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import type { LiveEvent } from '../../model/api.ts';
import { WatchError, type ErrorCode } from '../../model/errors.ts';
import type { HttpAnswer, HttpCall, Network } from '../../runtime/network.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import { nodeTimers } from '../../runtime/node/clock.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { nodeNetwork } from '../../runtime/node/network.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import { jsonAnswer } from '../fake-cli.ts';
import { PoolClient, type Target } from './pool-client.ts';

const target: Target = {
  servers: ['https://m1:1', 'https://m2:1', 'https://m3:1'],
  trust: { authorityPems: [] },
  credentials: null,
  token: 'wkt',
  timeoutMs: 6_000,
};

function clientOf(
  answers: Record<string, () => HttpAnswer>,
  stream?: Network['stream'],
): { client: PoolClient; calls: HttpCall[] } {
  const calls: HttpCall[] = [];
  const network: Network = {
    ...nodeNetwork(silentLog),
    call: async (call) => {
      calls.push(call);
      return (answers[new URL(call.url).hostname] ?? unreached)();
    },
    ...(stream ? { stream } : {}),
  };
  const ports = { network, clock: manualTime().clock, timers: nodeTimers, random: nodeRandom };
  return { client: new PoolClient(ports, target, null), calls };
}

const unreached = (): never => {
  throw new WatchError('WK_UNREACHABLE', 'nobody listens');
};
const refusal = (code: ErrorCode, status: number) => (): HttpAnswer =>
  jsonAnswer({ error: { code, text: `said ${code}`, retry: false } }, status);
const good = (): HttpAnswer => jsonAnswer({ x: 1 });
const schema = z.object({ x: z.int() });

test('the first server that answers is taken, and asked first from then on', async () => {
  const { client, calls } = clientOf({ m2: refusal('WK_UNAVAILABLE', 503), m3: good });
  assert.deepEqual(
    await client.ask({ path: '/api/v1/x', query: { a: [1, 'b'], c: undefined } as never }, schema),
    { x: 1 },
  );
  assert.deepEqual(await client.ask({ path: '/y' }, schema), { x: 1 });
  assert.deepEqual(
    calls.map(({ url }) => new URL(url).hostname),
    ['m1', 'm2', 'm3', 'm3'],
  );
  assert.equal(calls[0]?.url, 'https://m1:1/api/v1/x?a=1&a=b');
  assert.equal(calls[0]?.headers?.authorization, 'Bearer wkt');
  assert.deepEqual(
    calls.slice(0, 3).map(({ timeoutMs }) => timeoutMs),
    [2_000, 3_000, 6_000],
  );
});

test('what another server would say too is said at once', async () => {
  for (const [code, status] of [
    ['WK_NOT_FOUND', 404],
    ['WK_UNAUTHENTICATED', 401],
    ['WK_CONFLICT', 409],
  ] as const) {
    const { client, calls } = clientOf({ m1: refusal(code, status), m2: good });
    await assert.rejects(client.ask({ path: '/x' }, schema), { code, message: `said ${code}` });
    assert.equal(calls.length, 1);
  }
});

test('when none answers, one line says so', async () => {
  const { client } = clientOf({});
  await assert.rejects(client.ask({ path: '/x' }, schema), {
    code: 'WK_UNREACHABLE',
    message: 'none of 3 servers could answer; nobody listens',
  });
});

test('a question that may be asked once goes on only from a server that was not reached', async () => {
  const late = (): never => {
    throw new WatchError('WK_TIMEOUT');
  };
  const { client, calls } = clientOf({ m2: late, m3: good });
  await assert.rejects(client.ask({ path: '/x', once: true }, schema), { code: 'WK_TIMEOUT' });
  assert.equal(calls.length, 2);
});

test('an answer that is not ours, or not understood, is told as such', async () => {
  const page = (): HttpAnswer => ({ status: 502, headers: {}, body: '<html>bad gateway' });
  await assert.rejects(clientOf({ m1: page }).client.ask({ path: '/x' }, schema), {
    code: 'WK_PROTOCOL',
    message: /https:\/\/m1:1 answered HTTP 502/,
  });
  const other = (): HttpAnswer => jsonAnswer({ y: 2 });
  await assert.rejects(clientOf({ m1: other }).client.ask({ path: '/x' }, schema), { code: 'WK_PROTOCOL' });
});

test('a live stream that breaks goes on from its place at the next server', async () => {
  const asked: string[] = [];
  const scripts: Record<string, string[]> = {
    m2: ['retry: 1000', 'id: one', 'data: {"type":"messages","messages":[]}', '', ': beat', ''],
    m3: ['id: two', 'data: {"type":"reset"}', ''],
  };
  const stream: Network['stream'] = async ({ url }) => {
    const { hostname, searchParams } = new URL(url);
    asked.push(`${hostname} ${searchParams.get('since')}`);
    const lines = scripts[hostname];
    delete scripts[hostname];
    if (!lines) return unreached();
    return {
      status: 200,
      lines: (async function* () {
        yield* lines;
      })(),
    };
  };
  const { client } = clientOf({}, stream);
  const stop = new AbortController();
  const events: LiveEvent[] = [];
  const gaps: string[] = [];
  for await (const event of client.follow(stop.signal, (why) => void gaps.push(why))) {
    events.push(event);
    if (events.length === 2) stop.abort();
  }
  assert.deepEqual(events, [{ type: 'messages', messages: [] }, { type: 'reset' }]);
  assert.deepEqual(asked, ['m1 null', 'm2 null', 'm2 one', 'm3 one']);
  assert.deepEqual(gaps, ['the live connection ended']);
});

test('a live stream that cannot begin is an error', async () => {
  const denied: Network['stream'] = async () => ({
    status: 401,
    lines: (async function* () {
      yield '{"error":{"code":"WK_UNAUTHENTICATED","text":"no","retry":false}}';
    })(),
  });
  for (const [stream, code] of [
    [denied, 'WK_UNAUTHENTICATED'],
    [async () => unreached(), 'WK_UNREACHABLE'],
  ] as const) {
    const { client } = clientOf({}, stream);
    const first = client.follow(new AbortController().signal, () => assert.fail()).next();
    await assert.rejects(first, { code });
  }
});
