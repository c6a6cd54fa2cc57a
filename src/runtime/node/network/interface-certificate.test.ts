import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { uriNames } from '../../../model/certificate-names.ts';
import { identityUri } from '../../../model/identity.ts';
import { interfaceIdentity, issueInterface } from '../../../security/interface-identity.ts';
import { TestPool } from '../../../security/test-pool.ts';
import type { Credentials, Listener } from '../../network.ts';
import { nodeClock } from '../clock.ts';
import { silentLog } from '../log.ts';
import { nodeNetwork } from '../network.ts';
import { nodeRandom } from '../random.ts';
import { peerIdentity } from './peer-identity.ts';

const pool = await TestPool.make();
const stranger = await TestPool.make();
const role = 'virtual-interface/front';
const network = nodeNetwork(silentLog);
const agent = await pool.credentials(pool.identity('agent'));
const ports = { clock: nodeClock, random: nodeRandom };

function front(host: string, of: TestPool = pool): Promise<Credentials> {
  return issueInterface(of.authority, { pool: of.id, role, host }, [of.authority.certificatePem], ports);
}

async function listen(t: TestContext, credentials: Credentials): Promise<Listener> {
  const listener = await network.listen({
    host: '127.0.0.1',
    port: 0,
    credentials,
    pool: pool.id,
    messageBytesMax: 10_000,
    onTransport: (transport) => transport.onMessage(() => undefined),
    onRequest: (request, response) => response.end(JSON.stringify({ peer: peerIdentity(request, pool.id) })),
  });
  t.after(() => listener.close());
  return listener;
}

/** Both ways of reaching a server, which have to agree: who answers, or why nobody is believed. */
async function dialled(port: number, host = '127.0.0.1'): Promise<string> {
  const url = `https://${host}:${port}`;
  const trust = { authorityPems: [pool.authority.certificatePem, stranger.authority.certificatePem] };
  const credentials = { ...agent, authorityPems: trust.authorityPems };
  const link = await network
    .connect({ url, credentials, pool: pool.id, timeoutMs: 5_000, messageBytesMax: 10_000 })
    .then(
      (transport) => {
        transport.terminate();
        return identityUri(transport.peer);
      },
      (error: Error) => error.message,
    );
  const isAnswered = await network.call({ url, method: 'GET', timeoutMs: 5_000, trust }).then(
    () => true,
    () => false,
  );
  // Whether it is the right pool is for the link alone to say: a person may work with several.
  if (!link.includes('another pool')) assert.equal(isAnswered, link.startsWith('watchkeeper://'), link);
  return link;
}

test('an agent believes a virtual interface by its pool and its name, and no other', async (t) => {
  const identity = identityUri(interfaceIdentity(pool.id, role));
  const listener = await listen(t, await front('127.0.0.1'));
  assert.equal(await dialled(listener.port), identity);
  // Made anew by another server, with another key, it is the same interface.
  listener.replaceCredentials(await front('127.0.0.1'));
  assert.equal(await dialled(listener.port), identity);
  listener.replaceCredentials(await front('127.0.0.2'));
  assert.match(await dialled(listener.port), /another virtual interface than 127\.0\.0\.1/);
  listener.replaceCredentials(await front('front.example.net'));
  assert.match(await dialled(listener.port), /another virtual interface/);
  listener.replaceCredentials(await front('127.0.0.1', stranger));
  assert.match(await dialled(listener.port), /another pool/);
  listener.replaceCredentials(await pool.credentials(pool.identity('server')));
  assert.match(await dialled(listener.port), /\/server\//);
});

test('on a port that several share, the name that is dialled says which certificate is shown', async (t) => {
  const own = await pool.credentials(pool.identity('server'));
  const listener = await listen(t, own);
  const shown = async (servername?: string): Promise<string> => {
    const socket = tlsConnect({
      port: listener.port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...(servername !== undefined && { servername }),
    });
    await once(socket, 'secureConnect');
    const names = uriNames(socket.getPeerX509Certificate()?.subjectAltName ?? '');
    socket.destroy();
    return names.join();
  };
  assert.match(await shown('localhost'), /\/server\//);
  listener.showByName(new Map([['localhost', await front('localhost')]]));
  assert.match(await shown('LOCALHOST'), /\/interface\//);
  assert.match(await shown('other.example'), /\/server\//);
  assert.match(await shown(), /\/server\//);
  assert.match(await dialled(listener.port, 'localhost'), /\/interface\//);
  assert.match(await dialled(listener.port), /\/server\//);
  listener.showByName(new Map());
  assert.match(await shown('localhost'), /\/server\//);
});

test("a virtual interface's certificate opens nothing to whoever dials with it", async (t) => {
  const listener = await listen(t, await pool.credentials(pool.identity('server')));
  const url = `https://127.0.0.1:${listener.port}`;
  const credentials = await front('127.0.0.1');
  const trust = { authorityPems: [pool.authority.certificatePem] };
  const { body } = await network.call({ url, method: 'GET', timeoutMs: 5_000, trust, credentials });
  assert.equal(body, '{"peer":null}');
  await assert.rejects(
    network.connect({ url, credentials, pool: pool.id, timeoutMs: 5_000, messageBytesMax: 10_000 }),
    { code: 'WK_UNAUTHENTICATED' },
  );
});
