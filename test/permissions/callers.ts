import { hash } from 'node:crypto';
import { newSessionKey } from '../../src/access/session-keys.ts';
import { sealSession, type SessionClaims } from '../../src/access/session-token.ts';
import { nodeClock } from '../../src/runtime/node/clock.ts';
import { nodeRandom } from '../../src/runtime/node/random.ts';
import { keys } from '../../src/model/definitions.ts';
import { rights } from '../../src/model/rights.ts';
import type { Credentials } from '../../src/runtime/network.ts';
import { TestPool } from '../../src/security/test-pool.ts';
import type { TestServers } from '../../src/server/testing/test-servers.ts';

/** Somebody who tries every route and every message of the link. */
export interface Tried {
  readonly name: string;
  /** Null: comes without a certificate. */
  readonly credentials: Credentials | null;
  readonly token?: string;
  /** The name that it says hello with. */
  readonly nodeName?: string;
}

const tokenOf = (letter: string): string => `wka1.${letter.repeat(43)}`;

/** One of each class of identity that there is. */
export async function everyCaller(servers: TestServers): Promise<Tried[]> {
  const { pool } = servers;
  const stranger = await TestPool.make();
  const believing = (credentials: Credentials): Credentials => ({
    ...credentials,
    authorityPems: [pool.authority.certificatePem],
  });
  const agent = await servers.enrolNode('web1');
  const server = pool.identity('server');
  await servers.define(keys.server(server.coreId), {
    coreId: server.coreId,
    name: 'm9',
    url: 'https://127.0.0.1:9',
    joinedMs: 0,
  });
  await servers.define(keys.apiToken(hash('sha256', tokenOf('o'))), {
    name: 'old',
    createdMs: 0,
    expiresMs: 1,
    roles: ['administrator'],
  });
  await servers.define(keys.apiToken(hash('sha256', tokenOf('n'))), {
    name: 'new',
    createdMs: 0,
    expiresMs: null,
    roles: ['observer'],
  });
  const outsiders: Tried[] = [
    { name: 'nobody', credentials: null },
    { name: 'self-signed', credentials: await pool.selfSigned(pool.identity('user')) },
    { name: 'self-signed server', credentials: await pool.selfSigned(pool.identity('server')) },
    {
      name: 'self-made',
      credentials: believing(await stranger.credentials({ ...pool.identity('user') })),
    },
    {
      name: 'other authority',
      credentials: believing(await stranger.credentials(stranger.identity('user'))),
    },
  ];
  return [
    ...outsiders,
    { name: 'agent', credentials: await pool.credentials(agent.identity), nodeName: 'web1' },
    { name: 'removed agent', credentials: await pool.credentials(pool.identity('agent')), nodeName: 'web2' },
    { name: 'revoked agent', credentials: await revokedOf(servers, 'agent', 'web3'), nodeName: 'web3' },
    { name: 'witness', credentials: await pool.credentials(pool.identity('witness')) },
    { name: 'virtual interface', credentials: await pool.credentials(pool.identity('interface')) },
    { name: 'server', credentials: await pool.credentials(server) },
    { name: 'removed server', credentials: await pool.credentials(pool.identity('server')) },
    { name: 'revoked server', credentials: await revokedOf(servers, 'server', 'm8') },
    ...(await everyUser(servers)),
    { name: 'revoked user', credentials: await revokedOf(servers, 'user', 'gone') },
    { name: 'service token', credentials: null, token: tokenOf('n') },
    { name: 'expired token', credentials: null, token: tokenOf('o') },
    ...(await everySession(servers)),
  ];
}

/** Enrolled still, and revoked: what was revoked is out before anything else is asked. */
async function revokedOf(
  servers: TestServers,
  kind: 'agent' | 'server' | 'user',
  name: string,
): Promise<Credentials> {
  const identity = servers.pool.identity(kind);
  const { coreId } = identity;
  const definitions = {
    agent: [keys.node(coreId), { coreId, name, joinedMs: 0 }],
    server: [keys.server(coreId), { coreId, name, url: 'https://127.0.0.1:9', joinedMs: 0 }],
    user: [keys.user(coreId), { coreId, name, createdMs: 0, roles: ['administrator'] }],
  } as const;
  const [key, definition] = definitions[kind];
  await servers.define(key, definition);
  const revocation = {
    coreId,
    kind,
    name,
    atMs: 1,
    by: 'root',
    because: 'it was stolen',
    forgetMs: nodeClock.wallMs() * 2,
  };
  await servers.define(keys.revocation(coreId), revocation);
  return servers.pool.credentials(identity);
}

async function everySession(servers: TestServers): Promise<Tried[]> {
  const nowMs = nodeClock.wallMs();
  const key = newSessionKey(nodeRandom, nowMs);
  await servers.define(keys.sessionKeys, { keys: [key] });
  const { coreId } = servers.pool.identity('user');
  await servers.define(keys.user(coreId), {
    coreId,
    name: 'with-sessions',
    createdMs: 0,
    roles: ['operator'],
    generation: 2,
  });
  const claims: SessionClaims = {
    session: '00000000000000000000000000000001',
    user: coreId,
    generation: 2,
    createdMs: nowMs,
    idleUntilMs: nowMs + 600_000,
    expiresMs: nowMs + 600_000,
  };
  const ended = { ...claims, session: '00000000000000000000000000000002' };
  await servers.define(keys.endedSession(ended.session), { untilMs: ended.expiresMs });
  const foreign = newSessionKey(nodeRandom, nowMs);
  return [
    { name: 'ended session', credentials: null, token: sealSession(ended, key) },
    {
      name: 'session from before a change',
      credentials: null,
      token: sealSession({ ...claims, generation: 1 }, key),
    },
    {
      name: 'session of another key',
      credentials: null,
      token: sealSession(claims, { ...foreign, id: key.id }),
    },
    { name: 'session: operator', credentials: null, token: sealSession(claims, key) },
  ];
}

async function everyUser(servers: TestServers): Promise<Tried[]> {
  const { pool } = servers;
  const user = async (name: string, roles: readonly string[], disabled = false): Promise<Tried> => {
    const identity = pool.identity('user');
    await servers.define(keys.user(identity.coreId), {
      coreId: identity.coreId,
      name: name.replaceAll(/[^a-z]+/g, '-'),
      createdMs: 0,
      roles,
      disabled,
    });
    return { name, credentials: await pool.credentials(identity) };
  };
  const users = [await user('user: none', []), await user('user: disabled', ['administrator'], true)];
  for (const right of rights) {
    const role = `only-${right}`;
    await servers.define(keys.userRole(role), { name: role, permissions: [{ right }] });
    users.push(await user(`user: ${right}`, [role]));
    if (right === 'administer') continue;
    const part = `some-${right}`;
    await servers.define(keys.userRole(part), { name: part, permissions: [{ right, nodes: ['db*'] }] });
    users.push(await user(`user: ${right}, some nodes`, [part]));
  }
  users.push({ name: 'removed user', credentials: await pool.credentials(pool.identity('user')) });
  return users;
}
