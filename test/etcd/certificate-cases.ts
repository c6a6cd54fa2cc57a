import { identityUri, type Identity, type IdentityKind } from '../../src/model/identity.ts';
import { nodeClock } from '../../src/runtime/node/clock.ts';
import { nodeRandom } from '../../src/runtime/node/random.ts';
import type { Credentials } from '../../src/runtime/network.ts';
import { issueCertificate } from '../../src/security/authority.ts';
import { etcdSerial } from '../../src/security/etcd-revoked.ts';
import { makeKeyPair } from '../../src/security/key-pair.ts';
import type { TestPool } from '../../src/security/test-pool.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * What becomes of a certificate: on the link, at the API (status of `GET /api/v1/pool`), at the endpoint that renews (`yes`, or
 * the code of the error), at etcd's port for clients, and at its port for members.
 */
export type Outcome = readonly [
  link: 'taken' | 'refused',
  api: 200 | 401 | 403,
  renewal: string,
  etcdClient: 'taken' | 'refused',
  etcdPeer: 'taken' | 'refused',
];

export interface Enrolled {
  /** Writes who it is into the running pool, as joining does, and says so when the servers know. */
  readonly enrol: (kind: Exclude<IdentityKind, 'interface'>) => Promise<Identity>;
  readonly revoke: (identity: Identity) => Promise<void>;
  readonly pool: TestPool;
  readonly stranger: TestPool;
}

const nobody: Outcome = ['refused', 401, 'WK_UNAUTHENTICATED', 'refused', 'refused'];
/** The API is not for agents, and says so. */
const agent: Outcome = ['taken', 403, 'yes', 'refused', 'refused'];
/** In order, and of somebody whom the pool does not know. */
const unknown: Outcome = ['refused', 401, 'WK_DENIED', 'refused', 'refused'];
const revoked: Outcome = ['refused', 403, 'WK_REVOKED', 'refused', 'refused'];

type Case = readonly [what: string, expected: Outcome, make: (of: Enrolled) => Promise<Credentials | null>];

/** The certificates of the list that every listener is tried with. */
export const certificateCases: readonly Case[] = [
  ['none', ['refused', 401, 'WK_BAD_REQUEST', 'refused', 'refused'], () => Promise.resolve(null)],
  ['of an agent', agent, (of) => good(of, 'agent')],
  ['of a server', ['taken', 200, 'yes', 'refused', 'refused'], (of) => good(of, 'server')],
  ['of a person', ['refused', 200, 'yes', 'refused', 'refused'], (of) => good(of, 'user')],
  ['of a witness, for etcd', ['refused', 403, 'yes', 'taken', 'taken'], (of) => forEtcd(of, 'witness')],
  ['of a server, for etcd', ['taken', 200, 'yes', 'taken', 'taken'], (of) => forEtcd(of, 'server')],
  ['of a revoked agent', revoked, (of) => goodAndRevoked(of, 'agent')],
  ['of a revoked server', revoked, (of) => goodAndRevoked(of, 'server')],
  ['of a revoked person', revoked, (of) => goodAndRevoked(of, 'user')],
  ['of a revoked witness, for etcd', revoked, (of) => forEtcdAndRevoked(of, 'witness')],
  ['of a revoked server, for etcd', revoked, (of) => forEtcdAndRevoked(of, 'server')],
  [
    'of an agent that nobody knows',
    ['refused', 403, 'WK_DENIED', 'refused', 'refused'],
    ({ pool }) => pool.credentials(pool.identity('agent')),
  ],
  ['of a server that nobody knows', unknown, ({ pool }) => pool.credentials(pool.identity('server'))],
  ['of a person whom nobody knows', unknown, ({ pool }) => pool.credentials(pool.identity('user'))],
  ['of a virtual interface', unknown, ({ pool }) => pool.credentials(pool.identity('interface'))],
  ['made a day in the future', agent, (of) => good(of, 'agent', dayMs - hourMs)],
  ['made a day ago', agent, (of) => good(of, 'agent', -dayMs)],
  ['that has expired', ['refused', 401, 'yes', 'refused', 'refused'], (of) => good(of, 'agent', -8 * dayMs)],
  ['that expired 91 days ago', unknown, (of) => good(of, 'agent', -98 * dayMs)],
  [
    'that is not valid yet',
    ['refused', 401, 'yes', 'refused', 'refused'],
    (of) => odd(of, { notBeforeMs: nodeClock.wallMs() + hourMs }),
  ],
  [
    'for servers only',
    ['refused', 401, 'yes', 'refused', 'refused'],
    (of) => odd(of, { usages: ['server'] }),
  ],
  ['of an agent, in order otherwise', agent, (of) => odd(of, {})],
  ['with two common names', agent, (of) => odd(of, { commonName: 'agent1, CN=admin' })],
  ['with host names too', agent, (of) => odd(of, { dnsNames: ['a.example'], ipAddresses: ['127.0.0.1'] })],
  [
    'with a host name that is nearly that of etcd',
    agent,
    (of) => odd(of, { dnsNames: [`x.etcd.${of.pool.id}`, `etcd.${of.stranger.id}`] }),
  ],
  ['signed by itself', nobody, ({ pool }) => pool.selfSigned(pool.identity('server'))],
  [
    'of an authority of the same name',
    nobody,
    async ({ pool, stranger }) => believing(pool, await stranger.credentials(pool.identity('server'))),
  ],
  [
    'of that authority, for etcd',
    nobody,
    ({ pool, stranger }) =>
      stranger
        .oddCredentials({ uris: [identityUri(pool.identity('server'))], dnsNames: [`etcd.${pool.id}`] })
        .then((made) => believing(pool, made)),
  ],
  [
    'of another pool',
    nobody,
    async ({ pool, stranger }) => believing(pool, await stranger.credentials(stranger.identity('agent'))),
  ],
  ['that names another pool', nobody, (of) => named(of, [identityUri(of.stranger.identity('agent'))])],
  ['without a URI', nobody, (of) => named(of, [], { commonName: 'agent' })],
  ['with two URIs', nobody, (of) => named(of, [uriOf(of), identityUri(of.pool.identity('server'))])],
  ['with the same URI twice', nobody, async (of) => named(of, Array<string>(2).fill(uriOf(of)))],
  ['with a foreign URI beside ours', nobody, (of) => named(of, [uriOf(of), 'https://a.example/'])],
  ['with a NUL in the URI', nobody, (of) => named(of, [`${uriOf(of)}\0.example`])],
  ['with a wildcard', nobody, (of) => named(of, [`watchkeeper://${of.pool.id}/agent/*`])],
  ['with a kind that is none', nobody, (of) => named(of, [uriOf(of).replace('agent', 'root')])],
  [
    'with a core ID in capitals',
    nobody,
    (of) => named(of, [uriOf(of).slice(0, 50) + uriOf(of).slice(50).toUpperCase()]),
  ],
  ['with something behind the core ID', nobody, (of) => named(of, [`${uriOf(of)}/`])],
  ['with a query behind the core ID', nobody, (of) => named(of, [`${uriOf(of)}?kind=server`])],
  ['with a user in the URI', nobody, (of) => named(of, [uriOf(of).replace('://', '://x@')])],
  ['with another scheme', nobody, (of) => named(of, [uriOf(of).replace('watchkeeper', 'spiffe')])],
  ['with our URI as a host name', nobody, (of) => named(of, [], { dnsNames: [`URI:${uriOf(of)}`] })],
  ['signed by an agent, with the chain', nobody, (of) => signedByAgent(of, true)],
  ['signed by an agent, without the chain', nobody, (of) => signedByAgent(of, false)],
];

type Draft = Parameters<TestPool['oddCredentials']>[0];

async function good(of: Enrolled, kind: 'agent' | 'server' | 'user', laterMs = 0): Promise<Credentials> {
  return of.pool.credentials(await of.enrol(kind), nodeClock.wallMs() + laterMs);
}

async function goodAndRevoked(of: Enrolled, kind: 'agent' | 'server' | 'user'): Promise<Credentials> {
  const identity = await of.enrol(kind);
  await of.revoke(identity);
  return of.pool.credentials(identity);
}

/** As a server signs it for its own etcd, and a witness gets it. */
export async function etcdCredentials(
  pool: Pick<TestPool, 'id' | 'authority'>,
  identity: Identity,
): Promise<Credentials> {
  const { keyPem, publicKeyPem } = makeKeyPair();
  const as = { nowMs: nodeClock.wallMs(), serial: etcdSerial(identity.coreId) };
  const request = { identity, publicKeyPem, name: 'etcd', hosts: [`etcd.${pool.id}`, '127.0.0.1'], as };
  const certificatePem = await issueCertificate(pool.authority, request, {
    clock: nodeClock,
    random: nodeRandom,
  });
  return { keyPem, certificatePem, authorityPems: [pool.authority.certificatePem] };
}

async function forEtcd(of: Enrolled, kind: 'server' | 'witness'): Promise<Credentials> {
  return etcdCredentials(of.pool, await of.enrol(kind));
}

async function forEtcdAndRevoked(of: Enrolled, kind: 'server' | 'witness'): Promise<Credentials> {
  const identity = await of.enrol(kind);
  await of.revoke(identity);
  return etcdCredentials(of.pool, identity);
}

async function odd(of: Enrolled, draft: Draft): Promise<Credentials> {
  return named(of, [identityUri(await of.enrol('agent'))], draft);
}

async function named({ pool }: Enrolled, uris: readonly string[], draft: Draft = {}): Promise<Credentials> {
  return believing(pool, await pool.oddCredentials({ uris, ...draft }));
}

function uriOf({ pool }: Enrolled): string {
  return identityUri({ pool: pool.id, kind: 'agent', coreId: '0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b' });
}

async function signedByAgent(of: Enrolled, withChain: boolean): Promise<Credentials> {
  const middle = await of.pool.credentials(of.pool.identity('agent'));
  const leaf = believing(
    of.pool,
    await of.pool.oddCredentials({ uris: [uriOf(of)], dnsNames: [`etcd.${of.pool.id}`] }, middle),
  );
  return withChain ? { ...leaf, certificatePem: leaf.certificatePem + middle.certificatePem } : leaf;
}

function believing({ authority }: TestPool, credentials: Credentials): Credentials {
  return { ...credentials, authorityPems: [authority.certificatePem] };
}
