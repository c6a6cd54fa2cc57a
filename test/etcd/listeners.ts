import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import assert from 'node:assert/strict';
import type { Coordination } from '../../src/coordination/coordination.ts';
import { etcdFiles, managedUrl } from '../../src/coordination/managed/etcd-files.ts';
import { openCoordination } from '../../src/coordination/open.ts';
import { dialLink } from '../../src/link/dial-link.ts';
import { errorAnswerSchema, type JoinRequest } from '../../src/model/api.ts';
import { keys } from '../../src/model/definitions.ts';
import { codeOf } from '../../src/model/errors.ts';
import type { Identity } from '../../src/model/identity.ts';
import { uuidV4 } from '../../src/model/uuid.ts';
import { nodeClock, nodeTimers } from '../../src/runtime/node/clock.ts';
import { nodeCommands } from '../../src/runtime/node/commands.ts';
import { nodeDatabases } from '../../src/runtime/node/database.ts';
import { nodeFiles } from '../../src/runtime/node/files.ts';
import { silentLog } from '../../src/runtime/node/log.ts';
import { nodeNetwork } from '../../src/runtime/node/network.ts';
import { nodeRandom } from '../../src/runtime/node/random.ts';
import type { Credentials } from '../../src/runtime/network.ts';
import { askRenewal } from '../../src/security/ask-renewal.ts';
import { readAuthorityFile } from '../../src/security/authority-file.ts';
import type { Authority } from '../../src/security/authority.ts';
import { certificateInfo } from '../../src/security/certificate-info.ts';
import { makeKeyPair } from '../../src/security/key-pair.ts';
import { makeProof, makeRenewal } from '../../src/security/proof.ts';
import { revoke } from '../../src/security/revoke.ts';
import { TestPool } from '../../src/security/test-pool.ts';
import { freePorts } from '../pool/free-ports.ts';
import { RealPool, type EtcdListen } from '../pool/real-pool.ts';
import type { Enrolled } from './certificate-cases.ts';
import { endEtcdOf } from './own-etcd.ts';

const network = nodeNetwork(silentLog);
const ports = {
  databases: nodeDatabases,
  timers: nodeTimers,
  clock: nodeClock,
  files: nodeFiles,
  log: silentLog,
};
const servers = ['server-1', 'server-2'];

/** A pool of two servers that runs its own etcd on the first, and a way to try anything on each of its listeners. */
export class Listeners implements AsyncDisposable {
  readonly servers = servers;
  readonly pool: RealPool;
  /** Where its etcd answers clients, and where members. */
  readonly etcd: readonly string[];
  readonly coordination: Coordination;
  readonly enrolled: Enrolled;
  /** With which everything of this pool was signed when it was founded. */
  readonly founding: Authority;
  readonly #names = new Map<string, string>();
  #believed: readonly string[];

  private constructor(
    pool: RealPool,
    etcd: readonly string[],
    coordination: Coordination,
    own: TestPool,
    stranger: TestPool,
  ) {
    this.pool = pool;
    this.etcd = etcd;
    this.coordination = coordination;
    this.founding = own.authority;
    this.#believed = [own.authority.certificatePem];
    const enrol: Enrolled['enrol'] = (kind) => this.#enrol(kind);
    const revokeIt = (identity: Identity): Promise<void> => this.revoke(identity);
    this.enrolled = { pool: own, stranger, enrol, revoke: revokeIt };
  }

  static async start(): Promise<Listeners> {
    const [client = 0, peer = 0] = await freePorts(2);
    const place: EtcdListen = [`127.0.0.1:${client}`, `127.0.0.1:${peer}`];
    const pool = await RealPool.start({ coordination: 'managed', etcdListen: [place], servers: 2 });
    const data = path.join(pool.folder, 'server-1');
    const reading = { files: nodeFiles, commands: nodeCommands() };
    const authority = await readAuthorityFile(reading, path.join(data, 'authority.pem'));
    const { identity } = certificateInfo(/-----BEGIN CERT[^]*?-----END.*/.exec(pool.identityPem)?.[0] ?? '');
    const own = TestPool.of(identity?.pool ?? assert.fail(), authority);
    const coordination = await openCoordination(managedUrl([place[0]], own.id, data), ports);
    return new Listeners(pool, place, coordination, own, await TestPool.make());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.coordination.close();
    await this.pool[Symbol.asyncDispose]();
    await endEtcdOf(this.pool, 'server-1').catch(() => undefined);
  }

  /** The servers' own ports and the virtual interface. */
  get urls(): string[] {
    return [...this.pool.servers.map(({ url }) => url), this.pool.virtualUrl];
  }

  /** All of them, etcd's too. */
  get all(): string[] {
    return [...this.urls, ...this.etcd.map((place) => `https://${place}`)];
  }

  /** Whom our side believes from now on. */
  believe(authorityPems: readonly string[]): void {
    this.#believed = authorityPems;
  }

  async #enrol(kind: Parameters<Enrolled['enrol']>[0]): Promise<Identity> {
    const identity = this.enrolled.pool.identity(kind);
    const { coreId } = identity;
    const name = `case-${this.#names.size}`;
    this.#names.set(coreId, name);
    const definition = {
      agent: { key: keys.node(coreId), value: { coreId, name, joinedMs: 0 } },
      server: { key: keys.server(coreId), value: { coreId, name, url: 'https://127.0.0.1:9', joinedMs: 0 } },
      user: { key: keys.user(coreId), value: { coreId, name, createdMs: 0, roles: ['administrator'] } },
      witness: { key: keys.witness(coreId), value: { coreId, name, joinedMs: 0 } },
    }[kind];
    await this.write(definition.key, definition.value);
    return identity;
  }

  /** What the cases wrote of servers and agents that there are not. */
  async forgetCases(): Promise<void> {
    for (const coreId of this.#names.keys())
      for (const key of [keys.node, keys.server, keys.user, keys.witness])
        await this.write(key(coreId), null);
    this.#names.clear();
  }

  /** The one that a rotation has brought, with its key as the first server has it. */
  async nextAuthority(): Promise<TestPool> {
    const data = path.join(this.pool.folder, 'server-1');
    const file = readdirSync(data).find((name) => /^authority-.*\.pem$/.test(name)) ?? '';
    const reading = { files: nodeFiles, commands: nodeCommands() };
    return TestPool.of(this.enrolled.pool.id, await readAuthorityFile(reading, path.join(data, file)));
  }

  /** With what a server of the pool uses etcd. */
  ownEtcd(name: string): Credentials {
    const { ca, cert, key } = etcdFiles(path.join(this.pool.folder, name));
    const [authority = '', certificatePem = '', keyPem = ''] = [ca, cert, key].map((file) =>
      readFileSync(file, 'utf8'),
    );
    return { authorityPems: [authority], certificatePem, keyPem };
  }

  async write(key: string, value: object | null): Promise<void> {
    const text = value === null ? null : JSON.stringify(value);
    await this.coordination.transact({ conditions: [], writes: [{ key, value: text }] });
  }

  async revoke(identity: Pick<Identity, 'kind' | 'coreId'>): Promise<void> {
    const why = { name: 'case', by: 'test', because: 'it was stolen' };
    await revoke({ coordination: this.coordination, clock: nodeClock }, { identity, ...why });
  }

  /** On links, at APIs (the same at each, or it says where not), and at both ports of etcd. */
  async taken(credentials: Credentials | null): Promise<string[]> {
    const links = await Promise.all(this.urls.map((url) => this.onLink(url, credentials)));
    const statuses = await Promise.all(this.urls.map((url) => this.atApi(url, credentials)));
    const atEtcd = await Promise.all(this.etcd.map((place) => this.atEtcd(place, credentials)));
    return [same(links), same(statuses), ...atEtcd];
  }

  async onLink(url: string, credentials: Credentials | null): Promise<'taken' | 'refused'> {
    if (credentials === null) return 'refused';
    const { identity } = certificateInfo(credentials.certificatePem);
    const self = identity?.kind === 'server' ? 'server' : 'agent';
    const own = { ...credentials, authorityPems: this.#believed };
    const connect = {
      url,
      credentials: own,
      pool: this.enrolled.pool.id,
      timeoutMs: 5_000,
      messageBytesMax: 1e6,
    };
    const name = this.#names.get(identity?.coreId ?? '') ?? 'nobody';
    try {
      const ways = { network, clock: nodeClock, timers: nodeTimers };
      const { connection } = await dialLink(ways, {
        connect,
        self,
        hello: { name, version: '1', dialled: url },
      });
      connection.close('seen');
      return 'taken';
    } catch {
      return 'refused';
    }
  }

  /** The status of its answer; 0 where nobody holds the virtual interface at that moment. */
  async atApi(url: string, credentials: Credentials | null): Promise<number> {
    const trust = { authorityPems: this.#believed };
    const call = { url: `${url}/api/v1/pool`, method: 'GET', timeoutMs: 5_000, trust };
    return network.call(credentials === null ? call : { ...call, credentials }).then(
      ({ status }) => status,
      (error: unknown) => (codeOf(error) === 'WK_UNREACHABLE' ? 0 : Promise.reject(error)),
    );
  }

  async renewal(url: string, credentials: Credentials | null): Promise<string> {
    const trust = { authorityPems: this.#believed };
    const request =
      credentials === null
        ? { certificatePem: '', publicKeyPem: '', proof: '', newProof: '' }
        : makeRenewal(credentials, makeKeyPair());
    return patiently(() => askRenewal(network, [url], trust, request).then(() => 'yes', codeOf));
  }

  /** The same identity with its next key. */
  async renewed(url: string, credentials: Credentials): Promise<Credentials> {
    const next = makeKeyPair();
    const trust = { authorityPems: this.#believed };
    const request = makeRenewal(credentials, next);
    for (const endMs = performance.now() + 60_000; ; await pause(500)) {
      const answer = await askRenewal(network, [url], trust, request).catch((error: unknown) => {
        if (!isForLater(codeOf(error)) || performance.now() > endMs) throw error;
        return null;
      });
      if (answer !== null) return { keyPem: next.keyPem, ...answer };
    }
  }

  /** What becomes of a token: `yes`, or the code of the error. Each time with a key and a core ID of its own. */
  join(url: string, token: string, name: string): Promise<string> {
    return patiently(() => this.joinAtOnce(url, token, name));
  }

  async joinAtOnce(url: string, token: string, name: string): Promise<string> {
    const { keyPem, publicKeyPem } = makeKeyPair();
    const who = { token, kind: 'agent', name, coreId: uuidV4(nodeRandom.bytes(16)) } as const;
    const request: JoinRequest = { ...who, publicKeyPem, proof: makeProof(keyPem, who) };
    this.#names.set(who.coreId, name);
    const { status, body } = await network.call({
      url: `${url}/api/v1/join`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      timeoutMs: 5_000,
      trust: { authorityPems: this.#believed },
    });
    return status === 200 ? 'yes' : errorAnswerSchema.parse(JSON.parse(body)).error.code;
  }

  /** What is asked needs no right there: whoever is answered at all was taken. */
  async atEtcd(place: string, credentials: Credentials | null): Promise<'taken' | 'refused'> {
    try {
      (await this.openEtcd(place, credentials)).destroy();
      return 'taken';
    } catch {
      return 'refused';
    }
  }

  /** A connection on which etcd has answered. Errors: what TLS or the other end says against it. */
  async openEtcd(place: string, credentials: Credentials | null): Promise<TLSSocket> {
    const [host, port] = place.split(':');
    const own = credentials === null ? {} : { cert: credentials.certificatePem, key: credentials.keyPem };
    const socket = tlsConnect({ host: host ?? '', port: Number(port), rejectUnauthorized: false, ...own });
    const answered = Promise.withResolvers<string>();
    socket.once('data', (chunk) => answered.resolve(String(chunk)));
    socket.on('error', (error) => answered.reject(error));
    socket.once('close', () => answered.reject(new Error('it was closed')));
    socket.write('GET /version HTTP/1.1\r\nHost: x\r\n\r\n');
    const said = await answered.promise;
    if (!said.startsWith('HTTP/1.1 200')) throw new Error(said);
    return socket;
  }
}

/** So many of them from one address are put off, before anything is looked at; and etcd has just cut its connections. */
function isForLater(code: string): boolean {
  return code === 'WK_OVERLOADED' || code === 'WK_COORDINATOR_AWAY';
}

async function patiently(ask: () => Promise<string>): Promise<string> {
  for (const endMs = performance.now() + 30_000; ; await pause(500)) {
    const answer = await ask();
    if (!isForLater(answer) || performance.now() > endMs) return answer;
  }
}

function same(found: readonly (string | number)[]): string {
  const [first = ''] = found;
  return found.every((one) => one === first) ? String(first) : found.join('/');
}
