import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import { dialLink } from '../../link/dial-link.ts';
import type { LinkMessageOf } from '../../link/messages.ts';
import { joinAnswerSchema, type JoinAnswer } from '../../model/api.ts';
import { keys } from '../../model/definitions.ts';
import { coreIdOfOrigin } from '../../model/origin.ts';
import { nodeClock } from '../../runtime/node/clock.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { nodeNetwork } from '../../runtime/node/network.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import type { Credentials } from '../../runtime/network.ts';
import { askRenewal } from '../../security/ask-renewal.ts';
import { certificateInfo, fingerprintOf, issuerOf } from '../../security/certificate-info.ts';
import { makeKeyPair } from '../../security/key-pair.ts';
import { makeRenewal } from '../../security/proof.ts';
import { writeAuthorityFile } from '../../security/authority-file.ts';
import type { Authority } from '../../security/authority.ts';
import { createJoinToken } from '../../security/join-token.ts';
import { makeProof } from '../../security/proof.ts';
import {
  assertAdoptable,
  exportTrust,
  finishRotation,
  importTrust,
  readTrust,
  removeTrust,
  startRotation,
  startRotationByHand,
} from '../../security/trust.ts';
import { TestPool } from '../../security/test-pool.ts';
import { serverPaths } from '../server-paths.ts';
import { TestServers } from '../testing/test-servers.ts';

const network = nodeNetwork(silentLog);
const ports = { clock: nodeClock, random: nodeRandom };

async function shownBy(servers: TestServers, at: number): Promise<string> {
  const port = servers.running[at]?.address.port ?? 0;
  const socket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { issuerCertificate } = socket.getPeerCertificate(true);
  socket.destroy();
  return issuerCertificate?.fingerprint256.replaceAll(':', '').toLowerCase() ?? '';
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return;
    await pause(25);
  }
  assert.fail(what);
}

test('the authority is exchanged with nobody locked out, and the old one counts nowhere in the end', async () => {
  await using servers = await TestServers.start(2);
  const coordination = servers.coordination();
  const node = await servers.enrolNode('web-1');
  const old = await servers.pool.credentials(node.identity);
  const urls = servers.running.map((server) => servers.urlOf(server));
  const dial = (credentials: Credentials, url = urls[0] ?? '') =>
    dialLink(servers.runtime, {
      connect: { url, credentials, pool: servers.pool.id, timeoutMs: 5_000, messageBytesMax: 1_000_000 },
      self: 'agent',
      hello: { name: 'web-1', version: '1', dialled: url },
    });
  const { connection } = await dial(old);
  const told = Promise.withResolvers<LinkMessageOf<'trust'>>();
  connection.onMessage((message) => message.type === 'trust' && told.resolve(message));

  const first = fingerprintOf(servers.pool.authority.certificatePem);
  const rotated = await startRotation({ coordination, ...ports }, servers.pool.authority, 'test');
  assert.equal(rotated.signsServers, first);
  // The agent hears of it on the connection that it has, and of who signs now.
  const { authorities, signer } = await told.promise;
  assert.equal(authorities.length, 2);
  assert.equal(signer, rotated.signsOthers);
  const next = makeKeyPair();
  // The second server has not the new key; it opens it by itself.
  const answer = await askRenewal(
    network,
    urls.slice(1),
    { authorityPems: old.authorityPems },
    makeRenewal(old, next),
  );
  const renewed = { ...answer, keyPem: next.keyPem };
  assert.equal(fingerprintOf(issuerOf(renewed.certificatePem, authorities) ?? ''), signer);
  const second = servers.running[1];
  assert(second);
  const file = serverPaths(servers.dataOf(second)).furtherAuthority(signer);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  for (const [credentials, url] of [old, renewed].flatMap((one) => urls.map((url) => [one, url] as const)))
    (await dial(credentials, url)).connection.close('it works');
  assert.equal(await shownBy(servers, 0), first);

  await assert.rejects(removeTrust(coordination, first, true), { code: 'WK_CONFLICT', message: /it signs/ });
  await finishRotation(coordination, false);
  for (const at of [0, 1])
    await until(
      'the servers show certificates of the new one',
      async () => (await shownBy(servers, at)) === signer,
    );
  await assert.rejects(dial(old), { code: 'WK_UNAUTHENTICATED' });
  (await dial(renewed)).connection.close('it works');

  await until('servers are written down as followed', async () =>
    removeTrust(coordination, first, false).then(
      () => true,
      () => false,
    ),
  );
  await until('who is connected with the old certificate is let go', () =>
    Promise.resolve(connection.ending !== null),
  );
  await until('the old certificate counts no more', () =>
    isRefused(dial({ ...old, authorityPems: renewed.authorityPems })),
  );
  (await dial(renewed)).connection.close('it works');
  await assertJoinable(servers, urls[0] ?? '', signer);
});

function isRefused(dialling: ReturnType<typeof dialLink>): Promise<boolean> {
  return dialling.then(
    ({ connection }) => {
      connection.close('still taken');
      return false;
    },
    () => true,
  );
}

/** Newcomers are told of the new authority alone, and a new server can sign with what it gets. */
async function assertJoinable(servers: TestServers, url: string, signer: string): Promise<void> {
  for (const kind of ['agent', 'server'] as const) {
    const { authorityPems, authorityKeyPem } = await join(servers, url, kind);
    assert.deepEqual(authorityPems.map(fingerprintOf), [signer]);
    if (kind === 'agent') continue;
    const [certificatePem = ''] = authorityPems;
    assert.ok(new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(authorityKeyPem ?? '')));
  }
}

/** As a newcomer does, who knows the token and nothing else. */
async function join(servers: TestServers, url: string, kind: 'agent' | 'server'): Promise<JoinAnswer> {
  const coordination = servers.coordination();
  const { trust } = await readTrust(coordination);
  const authorityFingerprint = trust.signsServers;
  const wanted = { pool: servers.pool.id, authorityFingerprint, for: kind, name: null, validMs: 60_000 };
  const token = await createJoinToken({ coordination, ...ports }, wanted);
  const { keyPem, publicKeyPem } = makeKeyPair();
  const who = { token, kind, name: `new-${kind}`, coreId: servers.pool.identity(kind).coreId };
  const { bootId } = servers.runtime.commands.self;
  const place = kind === 'server' ? { url: 'https://127.0.0.1:9', bootId } : {};
  const answer = await network.call({
    url: `${url}/api/v1/join`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...who, ...place, publicKeyPem, proof: makeProof(keyPem, who) }),
    timeoutMs: 5_000,
    trust: { authorityFingerprint },
  });
  assert.equal(answer.status, 200, answer.body);
  return joinAnswerSchema.parse(JSON.parse(answer.body));
}

test('after a theft the next key goes from hand to hand: the old one opens nothing, and a server without it signs as before', async () => {
  await using servers = await TestServers.start(2);
  const coordination = servers.coordination();
  const [first, second] = servers.running;
  assert(first && second);
  const files = servers.runtime;
  const kept: Authority[] = [];
  const trust = await startRotationByHand(
    { coordination, ...ports },
    servers.pool.authority,
    'test',
    (next) => {
      kept.push(next);
      return writeAuthorityFile(
        files,
        serverPaths(servers.dataOf(first)).furtherAuthority(fingerprintOf(next.certificatePem)),
        next,
      );
    },
  );
  const [next] = kept;
  assert(next);
  assert.deepEqual(
    trust.authorities.map(({ sealedKey }) => sealedKey),
    [null, null],
  );
  const node = await servers.enrolNode('web-1');
  const old = await servers.pool.credentials(node.identity);
  const renewAt = async (url: string): Promise<string> => {
    const answer = await askRenewal(network, [url], old, makeRenewal(old, key));
    return fingerprintOf(issuerOf(answer.certificatePem, answer.authorityPems) ?? '');
  };
  const key = makeKeyPair();
  const founding = fingerprintOf(servers.pool.authority.certificatePem);
  assert.equal(await renewAt(servers.urlOf(second)), founding);
  assert.throws(() => assertAdoptable(servers.pool.id, trust, { ...next, keyPem: makeKeyPair().keyPem }), {
    code: 'WK_BAD_REQUEST',
  });
  const stranger = await TestPool.make();
  assert.throws(() => assertAdoptable(servers.pool.id, trust, stranger.authority), {
    code: 'WK_BAD_REQUEST',
  });
  assertAdoptable(servers.pool.id, trust, next);
  const place = serverPaths(servers.dataOf(second)).furtherAuthority(trust.signsOthers);
  await writeAuthorityFile(files, place, next);
  assert.equal(await renewAt(servers.urlOf(second)), trust.signsOthers);
});

test('who has not followed keeps a rotation from being finished, unless a person wants it', async () => {
  await using servers = await TestServers.start(1);
  const coordination = servers.coordination();
  await servers.enrolNode('web-1');
  await startRotation({ coordination, ...ports }, servers.pool.authority, 'test');
  await assert.rejects(finishRotation(coordination, false), { code: 'WK_CONFLICT', message: /web-1/ });
  await assert.rejects(startRotation({ coordination, ...ports }, servers.pool.authority, 'test'), {
    code: 'WK_CONFLICT',
  });
  const { signsServers, signsOthers } = await finishRotation(coordination, true);
  assert.equal(signsServers, signsOthers);
});

test('no force finishes a rotation that would leave the pool without its own etcd', async () => {
  await using servers = await TestServers.start(3);
  const coordination = servers.coordination();
  const founding = fingerprintOf(servers.pool.authority.certificatePem);
  const { signsOthers } = await startRotation({ coordination, ...ports }, servers.pool.authority, 'test');
  const signs = async (believing: number): Promise<void> => {
    for (const [at, { origin }] of servers.running.entries())
      await servers.define(keys.etcdSign(coreIdOfOrigin(origin)), {
        state: 'voter',
        because: null,
        version: '0',
        atMs: 1,
        believes: at < believing ? [founding, signsOthers] : [founding],
        signedBy: founding,
      });
  };
  const wouldLoseEtcd = { code: 'WK_CONFLICT', message: /no majority.*m[23].*server remove/ };
  for (const believing of [0, 1]) {
    await signs(believing);
    await assert.rejects(finishRotation(coordination, true), wouldLoseEtcd);
  }
  await signs(2);
  await finishRotation(coordination, true);
  await assert.rejects(removeTrust(coordination, founding, true), {
    code: 'WK_CONFLICT',
    message: /no majority/,
  });
});

test('what another pool exported is believed for that pool alone, and never taken for ours', async () => {
  await using servers = await TestServers.start(1);
  const coordination = servers.coordination();
  const stranger = await TestPool.make();
  const file = `# pool: ${stranger.id} south\n${stranger.authority.certificatePem}`;
  await importTrust({ coordination, clock: nodeClock }, file, 'merge', 'test');
  await importTrust({ coordination, clock: nodeClock }, file, 'merge', 'test');
  const { trust } = await readTrust(coordination);
  assert.deepEqual(
    trust.authorities.map(({ pool }) => pool),
    [servers.pool.id, stranger.id],
  );
  assert.ok(!(await exportTrust(coordination)).includes(stranger.authority.certificatePem.trim()));
  // Its authority names one of our nodes: refused, on the link and by the renewal.
  const node = await servers.enrolNode('web-1');
  const { keyPem, certificatePem } = await stranger.credentials(node.identity);
  const forged = { keyPem, certificatePem, authorityPems: [servers.pool.authority.certificatePem] };
  const url = servers.running.map((server) => servers.urlOf(server));
  await assert.rejects(askRenewal(network, url, forged, makeRenewal(forged, makeKeyPair())), {
    code: 'WK_UNAUTHENTICATED',
  });
  const own = await exportTrust(coordination);
  await assert.rejects(importTrust({ coordination, clock: nodeClock }, own, 'merge', 'test'), {
    code: 'WK_BAD_REQUEST',
    message: /this very pool/,
  });
  const leaf = `# pool: ${stranger.id} south\n${certificatePem}`;
  assert.throws(
    () => importTrust({ coordination, clock: nodeClock }, leaf, 'merge', 'test'),
    /not one of an authority/,
  );
  assert.equal(certificateInfo(certificatePem).identity?.coreId, node.coreId);
});
