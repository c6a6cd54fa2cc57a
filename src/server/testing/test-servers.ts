import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Coordination } from '../../coordination/coordination.ts';
import { MemoryStore, openMemory } from '../../coordination/memory.ts';
import { actingRole, keys } from '../../model/definitions.ts';
import { uuidV4 } from '../../model/uuid.ts';
import type { Parent } from '../../runtime/commands.ts';
import { nodeClock, nodeTimers } from '../../runtime/node/clock.ts';
import { nodeCommands } from '../../runtime/node/commands.ts';
import { nodeDatabases } from '../../runtime/node/database.ts';
import { nodeFiles } from '../../runtime/node/files.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { nodeNetwork } from '../../runtime/node/network.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { writeAuthorityFile } from '../../security/authority-file.ts';
import { writeIdentityFile } from '../../security/identity-file.ts';
import { TestPool } from '../../security/test-pool.ts';
import { serverConfigSchema, type ServerConfig } from '../config.ts';
import { serverPaths } from '../server-paths.ts';
import { startServer, type RunningServer } from '../start-server.ts';

const runtime: Runtime = {
  clock: nodeClock,
  timers: nodeTimers,
  random: nodeRandom,
  files: nodeFiles,
  databases: nodeDatabases,
  network: nodeNetwork(silentLog),
  commands: nodeCommands(),
  log: silentLog,
};

export interface TestServersOptions {
  readonly journal?: ServerConfig['journal'];
  /** Ports in place of the real ones. */
  readonly runtime?: Partial<Runtime>;
  /** What stands between the servers and their coordinator. */
  readonly coordination?: (inner: Coordination) => Coordination;
}

/** For tests: servers of one pool in this process, on loopback, with their data in a temporary folder. */
export class TestServers implements AsyncDisposable {
  readonly runtime: Runtime;
  readonly pool: TestPool;
  readonly running: RunningServer[] = [];
  readonly #folder: string;
  /** Shorter than a configuration file may ask for. */
  readonly #journal: ServerConfig['journal'] | null;
  readonly #coordination: (inner: Coordination) => Coordination;
  readonly #store = new MemoryStore();
  readonly #keepers = new Map<RunningServer, (message: unknown) => void>();
  readonly #configs = new Map<RunningServer, ServerConfig>();

  private constructor(pool: TestPool, folder: string, options: TestServersOptions) {
    this.pool = pool;
    this.#folder = folder;
    this.#journal = options.journal ?? null;
    this.#coordination = options.coordination ?? ((inner) => inner);
    this.runtime = { ...runtime, ...options.runtime };
  }

  static async start(count: number, options: TestServersOptions = {}): Promise<TestServers> {
    const folder = await mkdtemp(join(tmpdir(), 'wk-servers-'));
    const servers = new TestServers(await TestPool.make(), folder, options);
    await servers.define(keys.pool, {
      id: servers.pool.id,
      name: 'test',
      createdMs: 0,
      authorities: [servers.pool.authority.certificatePem],
      lineage: uuidV4(nodeRandom.bytes(16)),
    });
    for (let number = 0; number < count; number++) await servers.#add(`m${number + 1}`);
    return servers;
  }

  /** The folder of a server's data, also of one that was stopped. */
  dataOf(server: RunningServer): string {
    return this.#configs.get(server)?.data ?? '';
  }

  urlOf(server: RunningServer): string {
    return this.#configs.get(server)?.url ?? '';
  }

  /** Writes a definition into the coordinator. */
  async define(key: string, value: object): Promise<void> {
    const coordination = openMemory(this.#store, nodeTimers);
    await coordination.transact({ conditions: [], writes: [{ key, value: JSON.stringify(value) }] });
    await coordination.close();
  }

  async enrolNode(name: string) {
    const identity = this.pool.identity('agent');
    const node = { coreId: identity.coreId, name, joinedMs: 0 };
    await this.define(keys.node(identity.coreId), node);
    await pause(50);
    return { ...node, identity };
  }

  /** The coordinator as an administrator's command sees it. */
  coordination(): Coordination {
    return openMemory(this.#store, nodeTimers);
  }

  /** As its keeper would: the server acts from now on, until another call gives it nothing. */
  act(server: RunningServer, epoch: number | null): void {
    const grant = {
      role: actingRole,
      epoch,
      deadlineMs: nodeClock.monotonicMs() + 3_600_000,
      because: 'first holder',
    };
    this.#keepers.get(server)?.({ kind: 'grants', grants: epoch === null ? [] : [grant] });
  }

  async stop(server: RunningServer): Promise<void> {
    await server.close();
    this.running.splice(this.running.indexOf(server), 1);
  }

  /** Starts a stopped server again on its data. */
  async restart(server: RunningServer): Promise<RunningServer> {
    const config = this.#configs.get(server);
    if (!config) throw new Error('no such server');
    return await this.#start(config);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.running) await server.close();
    // What was being written when a server closed is written to its end, as it may be at any death.
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  async #add(name: string): Promise<void> {
    const identity = this.pool.identity('server');
    const port = await freePort();
    const data = join(this.#folder, name);
    const config = serverConfigSchema.parse({
      pool: { id: this.pool.id, name: 'test' },
      server: { coreId: identity.coreId, name },
      listen: `127.0.0.1:${port}`,
      data,
      coordination: 'sqlite:/unused',
    });
    await nodeFiles.makeDirectory(data, 0o700);
    await writeIdentityFile(nodeFiles, serverPaths(data).identity, await this.pool.credentials(identity));
    await writeAuthorityFile(this.runtime, serverPaths(data).authority, this.pool.authority);
    await this.define(keys.server(identity.coreId), {
      coreId: identity.coreId,
      name,
      url: config.url,
      joinedMs: 0,
    });
    await this.#start(this.#journal ? { ...config, journal: this.#journal } : config);
  }

  async #start(config: ServerConfig): Promise<RunningServer> {
    const coordination = this.#coordination(openMemory(this.#store, nodeTimers));
    let tell: (message: unknown) => void = () => undefined;
    const parent: Parent = {
      send: () => undefined,
      onMessage: (handler) => void (tell = handler),
      onClose: () => undefined,
    };
    const server = await startServer({ runtime: this.runtime, config, version: '0', coordination, parent });
    this.#keepers.set(server, tell);
    this.#configs.set(server, config);
    this.running.push(server);
    return server;
  }
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Fails with `what` when it has not become true in time. */
export async function eventually(what: string, holds: () => boolean, withinMs = 5_000): Promise<void> {
  const endMs = nodeClock.monotonicMs() + withinMs;
  while (!holds()) {
    if (nodeClock.monotonicMs() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(10);
  }
}
