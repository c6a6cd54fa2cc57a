import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { orderRoles } from '../../src/cli/demo/order-roles.ts';
import { openCoordination } from '../../src/coordination/open.ts';
import { nodeClock, nodeTimers } from '../../src/runtime/node/clock.ts';
import { nodeDatabases } from '../../src/runtime/node/database.ts';
import { nodeFiles } from '../../src/runtime/node/files.ts';
import { readYamlFile } from '../../src/runtime/yaml-file.ts';
import { silentLog } from '../../src/runtime/node/log.ts';
import { ApiClient } from './api-client.ts';
import { serverConfigSchema } from '../../src/server/config.ts';
import { nodesOf, poolStatus } from './answers.ts';
import { freePorts } from './free-ports.ts';
import { ManagedProcess } from './managed-process.ts';
import { watchkeeper } from './watchkeeper.ts';

export type EtcdListen = readonly [client: string, peer: string];

export interface RealPoolOptions {
  /** Where one pool is told from another. */
  readonly name?: string;
  readonly servers?: number;
  readonly agents?: number;
  /** As `pool create` takes it; a file of the pool's own by default. */
  readonly coordination?: string;
  /** With `coordination: 'managed'`: where each server's etcd answers, in their order; a server beyond is a client. */
  readonly etcdListen?: readonly EtcdListen[];
  /** False where a test itself wants to see what ended. */
  readonly restart?: boolean;
}

export interface RealServer {
  readonly name: string;
  readonly url: string;
  readonly config: string;
  readonly process: ManagedProcess;
  /** Another one when the administrator's certificate is. */
  api: ApiClient;
}

export interface RealAgent {
  readonly name: string;
  readonly config: string;
  readonly data: string;
  readonly process: ManagedProcess;
}

/**
 * A pool on this machine made with the command line alone, as its reader would by hand: real processes, real
 * certificates, data on the real disk. `await using pool = await RealPool.start(…)` ends and removes everything.
 */
export class RealPool implements AsyncDisposable {
  readonly folder: string;
  readonly coordination: string;
  readonly #name: string;
  readonly #etcdListen: readonly EtcdListen[];
  readonly servers: RealServer[] = [];
  readonly agents: RealAgent[] = [];
  /** Where the virtual interface answers. */
  virtualUrl = '';
  virtualPort = 0;
  /** The administrator's: key, certificate and the pool's authority. */
  identityPem = '';
  /** Through the virtual interface, whoever holds it. */
  #virtual: ApiClient | null = null;

  private constructor({ name = 'test', coordination, etcdListen }: RealPoolOptions) {
    this.#name = name;
    this.#etcdListen = etcdListen ?? [];
    this.folder = mkdtempSync(path.join(os.tmpdir(), 'watchkeeper-test-'));
    this.coordination = coordination ?? `sqlite:${path.join(this.folder, 'test-coordination.db')}`;
  }

  static async start(options: RealPoolOptions = {}): Promise<RealPool> {
    const pool = new RealPool(options);
    try {
      await pool.#start(options);
      return pool;
    } catch (error) {
      await pool[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where the administrator's identity is. */
  get identity(): string {
    return path.join(this.folder, 'admin.pem');
  }

  get virtual(): ApiClient {
    if (this.#virtual === null) throw new Error('the pool was not started');
    return this.#virtual;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { api } of this.servers) api.close();
    this.#virtual?.close();
    await Promise.all([...this.agents, ...this.servers].map((each) => each.process.stop()));
    if (process.env['WK_TEST_KEEP'] === undefined) rmSync(this.folder, { recursive: true, force: true });
  }

  async #start({ servers = 3, agents = 0, restart = true }: RealPoolOptions): Promise<void> {
    const [virtualPort = 0, ...ports] = await freePorts(servers + 1);
    this.virtualPort = virtualPort;
    this.virtualUrl = `https://127.0.0.1:${virtualPort}`;
    for (const [index, port] of ports.entries()) await this.#addServer(index + 1, port, restart);
    await this.#orderRoles();
    await this.#waitForMembers(servers);
    for (let index = 1; index <= agents; index += 1) await this.#addAgent(index, restart);
    if (agents > 0) await this.#waitForAgents(agents);
  }

  async #addServer(index: number, port: number, restart: boolean): Promise<void> {
    const name = `server-${index}`;
    const config = path.join(this.folder, `${name}.yaml`);
    const data = path.join(this.folder, name);
    const place = this.#etcdListen[index - 1];
    const etcd = place === undefined ? [] : ['--etcd-listen', place[0], '--etcd-peer', place[1]];
    const common = ['--listen', `127.0.0.1:${port}`, '--config', config, '--data', data];
    if (index === 1) {
      const own = ['--identity', this.identity, '--coordination', this.coordination, ...etcd];
      await this.#run('pool', 'create', '--name', this.#name, '--server', name, ...own, ...common);
      await this.#prepareFirst(config);
    } else {
      const token = await this.joinToken('server', name);
      const first = this.servers[0]?.url ?? '';
      const run = place === undefined ? ['--no-etcd'] : etcd;
      await this.#run(
        'server',
        'join',
        '--token',
        token,
        '--server',
        first,
        '--name',
        name,
        ...common,
        ...run,
      );
    }
    const logPath = path.join(this.folder, `${name}.log`);
    const process = new ManagedProcess(name, ['server', 'run', '--config', config], logPath, restart);
    process.start();
    const url = `https://127.0.0.1:${port}`;
    const api = new ApiClient(url, this.identityPem);
    this.servers.push({ name, url, config, process, api });
    await until(`${name} answers`, async () => (await api.get('/readyz', 1_000)) !== null, 60_000);
  }

  /** After another authority has begun to sign: the administrator believes it too, and shows what it signed. */
  async renewIdentity(): Promise<void> {
    const from = ['--identity', this.identity, '--server', this.servers[0]?.url ?? ''];
    // Its own etcd may be starting anew with what it believes now, and is away for a moment then.
    const what = 'the administrator has what the next authority signed';
    await until(what, () => this.#run('cert', 'renew', ...from).then(() => true), 30_000);
    this.identityPem = readFileSync(this.identity, 'utf8');
    for (const server of this.servers) {
      server.api.close();
      server.api = new ApiClient(server.url, this.identityPem);
    }
    this.#virtual?.close();
    this.#virtual = new ApiClient(this.virtualUrl, this.identityPem);
  }

  /** A further server, once the pool is up. */
  async joinServer(): Promise<RealServer> {
    const [port = 0] = await freePorts(1);
    await this.#addServer(this.servers.length + 1, port, true);
    const server = this.servers.at(-1);
    if (server === undefined) throw new Error('a server was added');
    return server;
  }

  /** What is told to the coordinator's file before the first server runs. */
  async #prepareFirst(config: string): Promise<void> {
    this.identityPem = readFileSync(this.identity, 'utf8');
    const address = `127.0.0.1:${this.virtualPort}`;
    await this.#run('virtual-interface', 'add', 'main', '--address', address, '--config', config);
    this.#virtual = new ApiClient(this.virtualUrl, this.identityPem);
  }

  /** Joins an agent without starting it. */
  async enrolAgent(name: string, restart = true): Promise<RealAgent> {
    const config = path.join(this.folder, `${name}.yaml`);
    const data = path.join(this.folder, name);
    const token = await this.joinToken('agent', name);
    const urls = [this.virtualUrl, ...this.servers.map(({ url }) => url)].flatMap((url) => ['--server', url]);
    const places = ['--name', name, '--config', config, '--data', data];
    await this.#run('agent', 'join', '--token', token, ...urls, ...places);
    const logPath = path.join(this.folder, `${name}.log`);
    const process = new ManagedProcess(name, ['agent', 'run', '--config', config], logPath, restart);
    return { name, config, data, process };
  }

  async #addAgent(index: number, restart: boolean): Promise<void> {
    const agent = await this.enrolAgent(`node-${index}`, restart);
    agent.process.start();
    this.agents.push(agent);
  }

  joinToken(kind: 'server' | 'agent' | 'witness', name: string): Promise<string> {
    const config = path.join(this.folder, 'server-1.yaml');
    return this.#run('pool', 'token', '--for', kind, '--name', name, '--config', config);
  }

  /** Acting role and virtual interface move together, so that one death is one failover of both. */
  async #orderRoles(): Promise<void> {
    const config = await readYamlFile(nodeFiles, this.servers[0]?.config ?? '', serverConfigSchema);
    const coordination = await openCoordination(config.coordination, {
      databases: nodeDatabases,
      timers: nodeTimers,
      clock: nodeClock,
      files: nodeFiles,
      log: silentLog,
    });
    await orderRoles(coordination);
    await coordination.close();
  }

  /** A command that must succeed; its output. */
  command(...args: readonly string[]): Promise<string> {
    return this.#run(...args);
  }

  /** What a person would type; their settings are the pool's own folder. */
  async #run(...args: readonly string[]): Promise<string> {
    return watchkeeper(args, { XDG_CONFIG_HOME: this.folder });
  }

  async #waitForMembers(count: number): Promise<void> {
    await until(
      `${count} servers stand in for each other and the virtual interface answers`,
      async () => {
        const status = await poolStatus(this.virtual);
        const acting = status.roles.find(({ role }) => role === 'acting');
        const up = status.members.filter(({ state, healthy }) => state !== 'offline' && healthy).length;
        return up === count && acting?.holder !== null && acting !== undefined;
      },
      60_000,
    );
  }

  async #waitForAgents(count: number): Promise<void> {
    await until(
      `${count} agents are connected`,
      async () =>
        (await nodesOf(this.virtual)).filter(({ connectedTo }) => connectedTo !== null).length === count,
      20_000,
    );
  }
}

/** Asks again and again until it is so; an error counts as "not yet" and is told when time is up. */
export async function until(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  timeoutMs: number,
  everyMs = 100,
): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  let last: unknown = 'the answer was no';
  while (Date.now() < endMs) {
    try {
      if (await isSo()) return;
    } catch (error) {
      last = error;
    }
    await sleep(everyMs);
  }
  throw new Error(
    `not within ${timeoutMs} ms: ${what} (${last instanceof Error ? last.message : String(last)})`,
  );
}
