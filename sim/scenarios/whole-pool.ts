import { startAgent, type Agent } from '../../src/agent/agent.ts';
import { agentConfigSchema, type AgentConfig } from '../../src/agent/config.ts';
import { noPolicies } from '../../src/agent/load-policies.ts';
import { keys, virtualInterfacePrefix, type RoleDefinition } from '../../src/model/definitions.ts';
import { codeOf, textOf } from '../../src/model/errors.ts';
import { startKeeper } from '../../src/pool/keeper.ts';
import { serverConfigSchema, type ServerConfig } from '../../src/server/config.ts';
import { serverPaths } from '../../src/server/server-paths.ts';
import { startServer } from '../../src/server/start-server.ts';
import type { View } from '../../src/server/views/view.ts';
import { overheard } from '../checkers/overheard.ts';
import type { RoleJudge } from '../checkers/role-judge.ts';
import type { Mutant } from '../mutants/mutant.ts';
import { SimCoordinator } from '../world/coordinator.ts';
import { simCredentials } from '../world/credentials.ts';
import { DiskReader } from '../world/disk-reader.ts';
import { Kernel } from '../world/kernel.ts';
import type { Machine } from '../world/machine.ts';
import type { Program, SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import { identityFileOf, nodeId, poolId, serverId } from './test-identities.ts';
import type { WholeShape } from './whole-shape.ts';

export const virtualInterface = `${virtualInterfacePrefix}main`;
/** A real address, in some of the seeds. */
export const floating = `${virtualInterfacePrefix}floating`;
export const floatingAddress = '192.0.2.1';
const data = '/data';

export interface SimServer {
  readonly name: string;
  readonly machine: Machine;
  readonly reader: DiskReader;
  config: ServerConfig;
  /** What runs there now, once it is up. */
  live: { readonly process: SimProcess; readonly view: View } | null;
  /** False between leaving the pool and joining it again. */
  member: boolean;
}

export interface SimAgent {
  readonly name: string;
  readonly machine: Machine;
  readonly config: AgentConfig;
  readonly reader: DiskReader;
  /** Of the last run that came up; its books are those on the disk. */
  running: Agent | null;
}

/** What a scenario hears of its agents' processes. */
export interface AgentWatcher {
  /** An agent is up; resolves when there is no more work. */
  up(process: SimProcess, agent: Agent, name: string, startedMs: number): Promise<void>;
}

/** Keepers, servers and agents as they ship, on a simulated network, disk, clock and coordinator. */
export class WholePool implements Disposable {
  readonly coordinator: SimCoordinator;
  readonly servers: readonly SimServer[];
  readonly agents: readonly SimAgent[];
  readonly #world: World;
  readonly #mutant: Mutant;
  readonly #judge: RoleJudge;
  readonly #watcher: AgentWatcher;
  readonly #limits: Pick<ServerConfig, 'journal' | 'lease'>;
  #serverLast: number;

  constructor(
    world: World,
    shape: WholeShape,
    parts: { mutant: Mutant; judge: RoleJudge; watcher: AgentWatcher },
  ) {
    this.#world = world;
    this.#mutant = parts.mutant;
    this.#judge = parts.judge;
    this.#watcher = parts.watcher;
    this.#limits = { journal: shape.journal, lease: shape.lease };
    this.#serverLast = shape.servers;
    this.coordinator = new SimCoordinator(world, 'coordinator', 200);
    this.coordinator.onCommit = (transaction) => this.#judge.committed(transaction, world.scheduler.nowMs);
    this.servers = Array.from({ length: shape.servers }, (_, i) => this.#makeServer(i + 1));
    this.agents = shape.bufferBytesMax.map((bytesMax, i) => this.#makeAgent(i + 1, bytesMax));
    this.#define(shape.hasAddress);
  }

  get members(): readonly SimServer[] {
    return this.servers.filter(({ member }) => member);
  }

  #makeServer(number: number): SimServer {
    const name = `s${number}`;
    const machine = this.#world.machine(name);
    const reader = new DiskReader(machine.disk.realPath(serverPaths(data).database));
    const server: SimServer = {
      name,
      machine,
      reader,
      config: this.#configOf(name, number),
      live: null,
      member: true,
    };
    machine.programFor = () => this.#serverProgram(server);
    this.#install(server, number);
    return server;
  }

  #configOf(name: string, number: number): ServerConfig {
    const parsed = serverConfigSchema.parse({
      pool: { id: poolId, name: 'sim' },
      server: { coreId: serverId(number), name },
      listen: `${name}:7300`,
      data,
      coordination: 'etcd://coordinator:2379/sim',
    });
    return { ...parsed, ...this.#limits };
  }

  #install({ machine }: SimServer, number: number): void {
    machine.disk.makeDirectory(data, 0o700);
    machine.disk.writeAtomic(serverPaths(data).identity, identityFileOf(number), 0o600);
  }

  #makeAgent(number: number, bytesMax: number): SimAgent {
    const name = `a${number}`;
    const parsed = agentConfigSchema.parse({
      name,
      coreId: nodeId(number),
      pool: poolId,
      servers: ['https://v:7300', ...this.servers.map(({ config }) => config.url)],
      data,
      identity: { certificate: '/unused', key: '/unused', authorities: '/unused' },
    });
    const machine = this.#world.machine(name);
    return {
      name,
      machine,
      config: { ...parsed, buffer: { bytesMax } },
      reader: new DiskReader(machine.disk.realPath(`${data}/buffer.db`)),
      running: null,
    };
  }

  #define(hasAddress: boolean): void {
    const pool = { id: poolId, name: 'sim', createdMs: 0, authorities: ['simulated'], lineage: poolId };
    this.put(keys.pool, pool);
    for (const server of this.servers) this.#list(server);
    for (const { name, config } of this.agents)
      this.put(keys.node(config.coreId), { coreId: config.coreId, name, joinedMs: 0 });
    const role: RoleDefinition = {
      role: virtualInterface,
      order: [],
      failback: 'manual',
      pinned: null,
      carrier: { kind: 'listen', host: 'v', port: 7_300 },
    };
    this.put(keys.role(virtualInterface), role);
    const { device } = Kernel;
    const place = { kind: 'address', address: floatingAddress, port: 7_300, interface: device } as const;
    if (hasAddress)
      this.put(keys.role(floating), { ...role, role: floating, carrier: { ...place, interfaces: {} } });
  }

  /** After a confirmation: whoever joined what was given up, or while nobody had confirmed, is joined again. */
  listMissing(): void {
    for (const server of this.members)
      if (this.coordinator.store.get(keys.server(server.config.server.coreId)) === null) this.#list(server);
  }

  #list({ name, config }: SimServer): void {
    const { coreId } = config.server;
    this.put(keys.server(coreId), { coreId, name, url: config.url, joinedMs: 0 });
  }

  /** As an administrator does, right in the coordinator. Null takes the key away. */
  put(key: string, value: unknown): void {
    const writes = [{ key, value: value === null ? null : JSON.stringify(value) }];
    this.coordinator.store.transact({ conditions: [], writes });
  }

  /** Takes a server out of the pool for good: its definition, its place in the roles, its power. */
  remove(server: SimServer): void {
    const { coreId } = server.config.server;
    server.member = false;
    this.put(keys.server(coreId), null);
    for (const { key, value } of this.coordinator.store.list(keys.roles).items) {
      const role = JSON.parse(value) as RoleDefinition;
      const order = role.order.filter((one) => one !== coreId);
      this.put(key, { ...role, order, pinned: role.pinned === coreId ? null : role.pinned });
    }
    server.machine.losePower();
    server.reader.close();
    server.machine.disk.remove(data);
    server.live = null;
  }

  /** A new server with an old one's name and address, another identity, and an empty disk. */
  join(server: SimServer): void {
    this.#serverLast += 1;
    server.config = this.#configOf(server.name, this.#serverLast);
    this.#install(server, this.#serverLast);
    server.member = true;
    this.#list(server);
  }

  /** How many more servers may be replaced: certificates are made beforehand. */
  get spareServers(): number {
    return 12 - this.#serverLast;
  }

  #serverProgram(server: SimServer): Program {
    return async (process) => {
      const { parent } = process.runtime.commands;
      const running = await startServer({
        runtime: this.#mutant.twistServer(process),
        config: server.config,
        version: '1',
        parent: parent && overheard(process, parent, this.#judge, (role) => holds(server, process, role)),
        coordination: this.coordinator.clientOf(process),
      }).catch((error: unknown) => this.#givesUp(process, error));
      if (!running) return;
      server.live = { process, view: running.view };
      await running.stopped;
      await running.close();
      process.exit(0);
    };
  }

  /** What an operator could meet ends the process with a word; anything else is a bug. */
  #givesUp(process: SimProcess, error: unknown): null {
    if (codeOf(error) === 'WK_INTERNAL') throw error;
    this.#world.say(process, `gives up: ${textOf(error)}`);
    process.exit(1);
    return null;
  }

  #keeperProgram(server: SimServer): Program {
    return async (process) => {
      try {
        const keeper = await startKeeper({
          runtime: process.runtime,
          coordination: this.coordinator.clientOf(process),
          coreId: server.config.server.coreId,
          folder: data,
          serverArgs: ['server'],
          remembersRevision: true,
          timings: server.config.lease,
          version: '1',
        });
        await keeper.stopped;
      } catch (error) {
        this.#givesUp(process, error);
      }
    };
  }

  #agentProgram(agent: SimAgent): Program {
    return async (process) => {
      const startedMs = this.#world.scheduler.nowMs;
      const { config } = agent;
      try {
        const running = await startAgent({
          runtime: this.#mutant.twistAgent(process.runtime),
          config: this.#mutant.twistAgentConfig(config),
          credentials: simCredentials({ pool: poolId, kind: 'agent', coreId: config.coreId }),
          policies: noPolicies,
          version: '1',
          onFatal: () => process.exit(1),
        });
        agent.running = running;
        await this.#watcher.up(process, running, agent.name, startedMs);
      } catch (error) {
        this.#givesUp(process, error);
      }
    };
  }

  /** What systemd keeps running on a machine. */
  startOn(name: string): void {
    const server = this.servers.find((one) => one.name === name);
    const agent = this.agents.find((one) => one.name === name);
    if (server?.member) this.#startOne(server.machine, 'keeper', this.#keeperProgram(server));
    if (agent) this.#startOne(agent.machine, 'agent', this.#agentProgram(agent));
  }

  #startOne(machine: Machine, what: string, program: Program): void {
    if (!machine.processes.some((process) => process.name.includes(what))) machine.start(what, program);
  }

  [Symbol.dispose](): void {
    for (const { reader } of [...this.servers, ...this.agents]) reader[Symbol.dispose]();
  }
}

/** Whether the process would act for the role now; not before it is up. */
function holds({ live }: SimServer, process: SimProcess, role: string): boolean {
  return live?.process === process && live.view.holds(role);
}
