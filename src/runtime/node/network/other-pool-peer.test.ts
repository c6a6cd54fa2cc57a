import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { identityUri, type Identity } from '../../../model/identity.ts';
import { codeOf } from '../../../model/errors.ts';
import { TestPool } from '../../../security/test-pool.ts';
import type { Credentials, Listener } from '../../network.ts';
import { silentLog } from '../log.ts';
import { nodeNetwork } from '../network.ts';
import { peerIdentity } from './peer-identity.ts';

const network = nodeNetwork(silentLog);
const [ours, other, stranger] = [await TestPool.make(), await TestPool.make(), await TestPool.make()];
const came: Identity[] = [];
const hourMs = 3_600_000;
let listener: Listener;

before(async () => {
  listener = await network.listen({
    host: '127.0.0.1',
    port: 0,
    credentials: await ours.credentials(ours.identity('server')),
    pool: ours.id,
    messageBytesMax: 1_000_000,
    onTransport: (transport) => {
      transport.onMessage(() => undefined);
      came.push(transport.peer);
    },
    onRequest: (request, response) => response.end(JSON.stringify(peerIdentity(request, ours.id))),
    otherPools: () => [{ pool: other.id, authorityPems: [other.authority.certificatePem] }],
  });
});
after(() => listener.close());

const url = () => `https://127.0.0.1:${listener.port}`;
const shown = (credentials: Credentials): Credentials => ({
  ...credentials,
  authorityPems: [ours.authority.certificatePem],
});

async function connect(credentials: Credentials): Promise<void> {
  const timing = { timeoutMs: 3_000, messageBytesMax: 1_000_000 };
  const transport = await network.connect({
    url: url(),
    credentials: shown(credentials),
    pool: ours.id,
    ...timing,
  });
  transport.terminate();
}

test('an agent of a pool that is let in comes on the link, as what it is', async () => {
  const identity = other.identity('agent');
  await connect(await other.credentials(identity));
  assert.deepEqual(came.at(-1), identity);
});

test('a server of it does too', async () => {
  const identity = other.identity('server');
  await connect(await other.credentials(identity));
  assert.deepEqual(came.at(-1), identity);
});

test('nobody else of it does, nor anything that only looks like it', async () => {
  const agent = other.identity('agent');
  const good = { uris: [identityUri(agent)] };
  const before = came.length;
  const cases: [string, Credentials][] = [
    ['a person of it', await other.credentials(other.identity('user'))],
    ['an agent of a pool that nobody knows', await stranger.credentials(stranger.identity('agent'))],
    ['its name, signed by a stranger', await other.oddCredentials(good, stranger.authority)],
    [
      'one of ours, signed by it',
      await other.oddCredentials({ uris: [identityUri(ours.identity('agent'))] }),
    ],
    [
      'a server of ours, signed by it',
      await other.oddCredentials({ uris: [identityUri(ours.identity('server'))] }),
    ],
    ['one that is over', await other.oddCredentials({ ...good, notAfterMs: Date.now() - 1_000 })],
    ['one that has not begun', await other.oddCredentials({ ...good, notBeforeMs: Date.now() + hourMs })],
    ['one for servers only', await other.oddCredentials({ ...good, usages: ['server'] })],
    ['two names', await other.oddCredentials({ uris: [...good.uris, identityUri(other.identity('agent'))] })],
  ];
  for (const [what, credentials] of cases)
    await assert.rejects(connect(credentials), (error) => codeOf(error) === 'WK_UNAUTHENTICATED', what);
  assert.equal(came.length, before);
});

test('whoever shows the certificate of another must have its key, and on HTTP it is nobody', async () => {
  const credentials = await other.credentials(other.identity('agent'));
  const { keyPem } = await other.credentials(other.identity('agent'));
  await assert.rejects(connect({ ...credentials, keyPem }));
  const trust = { authorityPems: [ours.authority.certificatePem] };
  const call = { url: `${url()}/`, method: 'GET', timeoutMs: 3_000, trust, credentials };
  assert.equal((await network.call(call)).body, 'null');
});
