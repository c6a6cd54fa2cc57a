import { startAgent, type Agent } from '../../src/agent/agent.ts';
import { agentConfigSchema } from '../../src/agent/config.ts';
import { noPolicies } from '../../src/agent/load-policies.ts';
import { keys, virtualInterfacePrefix, type RoleDefinition } from '../../src/model/definitions.ts';
import { codeOf, textOf } from '../../src/model/errors.ts';
import { severities } from '../../src/model/severity.ts';
import { keeperMessageSchema } from '../../src/pool/grants.ts';
import { startKeeper } from '../../src/pool/keeper.ts';
import type { Parent } from '../../src/runtime/commands.ts';
import { sleep } from '../../src/runtime/timing.ts';
import { serverConfigSchema, type ServerConfig } from '../../src/server/config.ts';
import { serverPaths } from '../../src/server/server-paths.ts';
import { startServer } from '../../src/server/start-server.ts';
import { DiskReader } from '../world/disk-reader.ts';
import { describeDisk, JournalChecker, messagesOnDisk } from '../checkers/journal-checker.ts';
import { isStuckByTrimming } from '../checkers/mutual-trimming.ts';
import { Ledger } from '../checkers/ledger.ts';
import { RoleJudge } from '../checkers/role-judge.ts';
import type { FaultKind } from '../faults/fault.ts';
import { FaultInjector, type Victim } from '../faults/fault-injector.ts';
import { planFaults } from '../faults/plan-faults.ts';
import { mutantNamed } from '../mutants/mutants.ts';
import { SimCoordinator } from '../world/coordinator.ts';
import { simCredentials } from '../world/credentials.ts';
import type { Program, SimProcess } from '../world/process.ts';
import { check } from '../world/violation.ts';
import type { World } from '../world/world.ts';
import type { Scenario, ScenarioOptions } from './scenario.ts';
import { identityFileOf, nodeId, poolId, serverId } from './test-identities.ts';

const kinds: readonly FaultKind[] = [
  'kill', 'pause', 'freeze', 'power loss', 'isolate', 'disk full', 'slow disk', 'clock jump', 'cut', 'one-way cut',
  'slow link', 'reset', 'half open', 'failing disk',
]; // prettier-ignore
const virtualInterface = `${virtualInterfacePrefix}main`;
const data = '/data';
const warmUpMs = 8_000;
const convergeMsMax = 180_000;
const supervisorMs = 1_000;
const mark = 'numbered ';
const keepLong = { keepMs: 1e9, keepForAbsentMs: 1e9, keepForAbsentBytes: 1e9 };
const keepShort = { keepMs: 1_500, keepForAbsentMs: 3_000, keepForAbsentBytes: 1e9 };

interface SimServer {
  readonly name: string;
  readonly config: ServerConfig;
  readonly reader: DiskReader;
}

/** Keepers, servers and agents as they ship, on a simulated network, disk, clock and coordinator. */
class WholePool implements Disposable {
  readonly #world: World;
  readonly #options: ScenarioOptions;
  readonly #ledger = new Ledger();
  readonly #judge = new RoleJudge();
  readonly #checker = new JournalChecker();
  readonly #coordinator: SimCoordinator;
  readonly #servers: readonly SimServer[];
  readonly #agents = new Map<string, Agent>();
  readonly #agentNames: readonly string[];
  readonly #injector: FaultInjector;
  /** Half of the seeds keep so little that a server that was away needs a snapshot. */
  readonly #keep: ServerConfig['journal'];
  #stopped = false;

  constructor(world: World, options: ScenarioOptions) {
    this.#world = world;
    this.#options = options;
    const random = world.random.fork('whole');
    this.#keep = random.fork('keep').pick([keepLong, keepShort]);
    this.#coordinator = new SimCoordinator(world, 'coordinator', 200);
    this.#coordinator.onCommit = (transaction) => this.#judge.committed(transaction);
    this.#servers = Array.from({ length: random.pick([2, 3, 3, 3]) }, (_, i) => this.#makeServer(i + 1));
    this.#agentNames = Array.from({ length: 2 + random.int(3) }, (_, i) => `a${i + 1}`);
    this.#define();
    this.#injector = new FaultInjector(world, this.#victims());
  }

  #makeServer(number: number): SimServer {
    const name = `s${number}`;
    const parsed = serverConfigSchema.parse({
      pool: { id: poolId, name: 'sim' },
      server: { coreId: serverId(number), name },
      listen: `${name}:7300`,
      data,
      coordination: 'sqlite:/unused',
    });
    const config = { ...parsed, journal: this.#keep };
    const machine = this.#world.machine(name);
    machine.programFor = () => this.#serverProgram(config);
    machine.disk.makeDirectory(data, 0o700);
    machine.disk.writeAtomic(serverPaths(data).identity, identityFileOf(number), 0o600);
    return { name, config, reader: new DiskReader(machine.disk.realPath(serverPaths(data).database)) };
  }

  #define(): void {
    const { store } = this.#coordinator;
    const put = (key: string, value: unknown): void => {
      store.transact({ conditions: [], writes: [{ key, value: JSON.stringify(value) }] });
    };
    put(keys.pool, {
      id: poolId,
      name: 'sim',
      createdMs: 0,
      authorities: ['simulated'],
      lineage: poolId,
    });
    for (const { name, config } of this.#servers)
      put(keys.server(config.server.coreId), {
        coreId: config.server.coreId,
        name,
        url: config.url,
        joinedMs: 0,
      });
    for (const [i, name] of this.#agentNames.entries())
      put(keys.node(nodeId(i + 1)), { coreId: nodeId(i + 1), name, joinedMs: 0 });
    const role: RoleDefinition = {
      role: virtualInterface,
      order: [],
      failback: 'manual',
      pinned: null,
      carrier: { kind: 'listen', host: 'v', port: 7_300 },
    };
    put(keys.role(virtualInterface), role);
  }

  #serverProgram(config: ServerConfig): Program {
    return async (process) => {
      const { parent } = process.runtime.commands;
      const server = await startServer({
        runtime: mutantNamed(this.#options.mutant).twistServer(process),
        config,
        version: '1',
        parent: parent && this.#overheard(process, parent),
        coordination: this.#coordinator.clientOf(process),
      }).catch((error: unknown) => this.#givesUp(process, error));
      if (!server) return;
      await server.stopped;
      await server.close();
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

  #overheard(process: SimProcess, parent: Parent): Parent {
    return {
      ...parent,
      onMessage: (handler) =>
        parent.onMessage((message) => {
          const parsed = keeperMessageSchema.parse(message);
          if (parsed.kind === 'grants') this.#judge.heard(process, parsed.grants);
          handler(message);
        }),
    };
  }

  #keeperProgram(config: ServerConfig): Program {
    return async (process) => {
      try {
        const keeper = await startKeeper({
          runtime: process.runtime,
          coordination: this.#coordinator.clientOf(process),
          coreId: config.server.coreId,
          folder: data,
          serverArgs: ['server'],
          version: '1',
        });
        await keeper.stopped;
      } catch (error) {
        this.#givesUp(process, error);
      }
    };
  }

  #agentProgram(name: string, number: number): Program {
    return async (process) => {
      const config = agentConfigSchema.parse({
        name,
        coreId: nodeId(number),
        pool: poolId,
        servers: ['https://v:7300', ...this.#servers.map(({ config }) => config.url)],
        data,
        identity: { certificate: '/unused', key: '/unused', authorities: '/unused' },
      });
      try {
        const agent = await startAgent({
          runtime: process.runtime,
          config,
          credentials: simCredentials({ pool: poolId, kind: 'agent', coreId: config.coreId }),
          policies: noPolicies,
          version: '1',
          onFatal: () => process.exit(1),
        });
        this.#agents.set(name, agent);
        await this.#work(process, agent);
      } catch (error) {
        this.#givesUp(process, error);
      }
    };
  }

  async #work(process: SimProcess, agent: Agent): Promise<void> {
    for (;;) {
      await sleep(process.runtime.timers, process.random.around(250));
      if (!this.#stopped) await this.#send(process, agent);
    }
  }

  /** What the agent took is on its disk: from then on it may not be lost. */
  async #send(process: SimProcess, agent: Agent): Promise<void> {
    const text = `${mark}${this.#ledger.attemptedCount + 1} of ${process.name}`;
    this.#ledger.attempted(text);
    try {
      const id = await agent.send({ severity: process.random.pick(severities), text });
      this.#ledger.accepted(id, text);
    } catch (error) {
      if (codeOf(error) === 'WK_INTERNAL') throw error;
    }
  }

  #victims(): Map<string, Victim> {
    const servers = this.#servers.map(({ name, config }) =>
      this.#victim(name, 'keeper', this.#keeperProgram(config)),
    );
    const agents = this.#agentNames.map((name, i) =>
      this.#victim(name, 'agent', this.#agentProgram(name, i + 1)),
    );
    return new Map([...servers, ...agents]);
  }

  #victim(name: string, what: string, program: Program): [string, Victim] {
    const machine = this.#world.machine(name);
    const restart = (): void => {
      if (!machine.processes.some((process) => process.name.includes(what))) machine.start(what, program);
    };
    return [name, { processes: () => machine.processes, restart }];
  }

  /** As systemd does: what is gone and was not struck down starts again. */
  #supervise(): void {
    this.#injector.restartWhatEnded();
    this.#world.scheduler.after(supervisorMs, 'supervise', () => this.#supervise());
  }

  async run(): Promise<number> {
    const untilMs = warmUpMs + this.#options.faultsMs;
    const scope = {
      fromMs: warmUpMs,
      untilMs,
      machines: [...this.#servers.map(({ name }) => name), ...this.#agentNames],
      others: [this.#coordinator.site],
      kinds,
      everyMs: [4_000, 40_000] as const,
    };
    this.#supervise();
    this.#injector.schedule(this.#options.plan ?? planFaults(this.#world.random.fork('faults'), scope));
    while (this.#world.scheduler.nowMs < untilMs) await this.#step();
    this.#stopped = true;
    this.#injector.healAll();
    if (await this.#converge()) this.#checkEnd();
    return this.#ledger.acknowledgedCount;
  }

  async #step(): Promise<void> {
    await this.#world.run(this.#world.scheduler.nowMs + 1_000);
    for (const { name, reader } of this.#servers) this.#checker.see(name, reader);
  }

  /** False at a limit that is known: it is counted, and what would follow from converging is not checked. */
  async #converge(): Promise<boolean> {
    const untilMs = this.#world.scheduler.nowMs + convergeMsMax;
    for (let problem = this.#unconverged(); problem !== null; problem = this.#unconverged()) {
      const text = problem;
      const late = this.#world.scheduler.nowMs >= untilMs;
      if (late && isStuckByTrimming(this.#servers.map(({ reader }) => reader))) {
        this.#world.trace.count('stuck: each side trimmed what the other lacks');
        return false;
      }
      check(!late, 'healing converges (I2, I16)', () => text);
      await this.#step();
    }
    return true;
  }

  /** What is still to come, or null. */
  #unconverged(): string | null {
    for (const [name, { status }] of this.#agents) {
      const buffered = sum(status.buffer.buffered);
      if (buffered > 0) return `${name} still has ${buffered} messages, ${JSON.stringify(status.connection)}`;
    }
    const disks = this.#servers.map(({ name, reader }) => `${name} ${describeDisk(reader)}`);
    if (new Set(disks.map((disk) => disk.slice(disk.indexOf(' ')))).size > 1) return disks.join(' | ');
    const { nowMs } = this.#world.scheduler;
    const unheld = ['acting', virtualInterface].filter(
      (role) => this.#judge.holders(role, nowMs).length !== 1,
    );
    return unheld.length > 0 ? `nobody holds ${unheld.join(', ')}` : null;
  }

  #checkEnd(): void {
    for (const { name, reader } of this.#servers) {
      const held = new Map([...messagesOnDisk(reader)].filter(([, text]) => text.startsWith(mark)));
      this.#ledger.checkHeld(name, held);
      this.#checker.checkWhole(name, reader);
    }
    for (const [name, { status }] of this.#agents) {
      const { produced, delivered, buffered, dropped } = status.buffer;
      const [all, parts] = [sum(produced), sum(delivered) + sum(buffered) + sum(dropped)];
      check(
        all === parts,
        'produced = delivered + buffered + gaps (I9)',
        () => `${name}: ${JSON.stringify(status.buffer)}`,
      );
    }
    this.#world.trace.count('state compared', this.#checker.comparedCount);
    this.#world.trace.count('role changes', this.#judge.changes);
    this.#world.trace.count('a lease expired while its holder was paused', this.#judge.expiredWhilePaused);
  }

  [Symbol.dispose](): void {
    for (const { reader } of this.#servers) reader[Symbol.dispose]();
  }
}

function sum(bySeverity: Readonly<Record<string, number>>): number {
  return Object.values(bySeverity).reduce((total, count) => total + count, 0);
}

export const wholeScenario: Scenario = {
  name: 'whole',
  world: {},
  async run(world, options) {
    using pool = new WholePool(world, options);
    return { acknowledged: await pool.run() };
  },
};
