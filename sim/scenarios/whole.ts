import type { Agent } from '../../src/agent/agent.ts';
import { actingRole } from '../../src/model/definitions.ts';
import { codeOf } from '../../src/model/errors.ts';
import { severities } from '../../src/model/severity.ts';
import { sleep } from '../../src/runtime/timing.ts';
import { AddressJudge } from '../checkers/address-judge.ts';
import { DefinitionsChecker } from '../checkers/definitions-checker.ts';
import { checkBooks, sum } from '../checkers/agent-books.ts';
import { describeDisk, JournalChecker, messagesOnDisk } from '../checkers/journal-checker.ts';
import { Ledger } from '../checkers/ledger.ts';
import { NoteLedger } from '../checkers/note-ledger.ts';
import { checkBufferCap } from '../checkers/queue-caps.ts';
import { RetryJudge } from '../checkers/retry-judge.ts';
import { RoleJudge } from '../checkers/role-judge.ts';
import type { FaultKind } from '../faults/fault.ts';
import { FaultInjector, type Victim } from '../faults/fault-injector.ts';
import { planFaults } from '../faults/plan-faults.ts';
import { mutantNamed } from '../mutants/mutants.ts';
import { PoolOperators } from '../test-peer/pool-operators.ts';
import type { SimProcess } from '../world/process.ts';
import { check } from '../world/violation.ts';
import type { World } from '../world/world.ts';
import { CoordinatorRestore } from './coordinator-restore.ts';
import { LostTails } from './lost-tails.ts';
import type { RunResult, Scenario, ScenarioOptions } from './scenario.ts';
import { floating, floatingAddress, virtualInterface, WholePool, type SimServer } from './whole-pool.ts';
import { drawShape, type WholeShape } from './whole-shape.ts';

const kinds: readonly FaultKind[] = [
  'kill', 'pause', 'freeze', 'power loss', 'isolate', 'disk full', 'slow disk', 'clock jump', 'cut', 'one-way cut',
  'slow link', 'reset', 'half open', 'failing disk', 'outage', 'blackout', 'replace', 'overload', 'restore', 'lost tail',
]; // prettier-ignore
const warmUpMs = 8_000;
const convergeMsMax = 180_000;
const supervisorMs = 1_000;
const mark = 'numbered ';
/** An agent comes up within this on a machine that is well, whatever it was struck by before. */
const agentStartMsMax = 10_000;
const stepMs = 3_000;
/** Definitions change rarely. */
const definitionsEveryMs = 10_000;

/** A pool as it ships with its work, its faults and its checkers: a safety phase, then a liveness phase. */
class WholeRun implements Disposable {
  readonly #world: World;
  readonly #options: ScenarioOptions;
  readonly #shape: WholeShape;
  readonly #roles: readonly string[];
  readonly #pool: WholePool;
  readonly #addresses: AddressJudge;
  readonly #injector: FaultInjector;
  readonly #backups: CoordinatorRestore;
  readonly #operators: PoolOperators;
  readonly #ledger = new Ledger();
  readonly #notes = new NoteLedger();
  readonly #judge: RoleJudge;
  readonly #checker = new JournalChecker();
  readonly #definitions = new DefinitionsChecker();
  readonly #tails = new LostTails(() => this.#pool.members, this.#checker, this.#definitions);
  readonly #retries = new RetryJudge();
  readonly #agentProcesses = new Map<string, SimProcess>();
  /** By agent: what it took. */
  readonly #accepted = new Map<string, string[]>();
  #outageFromMs = 0;
  #definitionsMs = 0;
  /** At the last look while the coordinator was away. */
  #deliveredBefore: number | null = null;
  #stopped = false;

  constructor(world: World, options: ScenarioOptions) {
    this.#world = world;
    this.#options = options;
    const random = world.random.fork('whole');
    this.#shape = drawShape(random);
    this.#roles = [actingRole, virtualInterface, ...(this.#shape.hasAddress ? [floating] : [])];
    const coreIdOf = (process: SimProcess): string => this.#serverOn(process)?.config.server.coreId ?? '';
    this.#judge = new RoleJudge(coreIdOf, this.#shape.servers === 1, this.#shape.lease);
    this.#pool = new WholePool(world, this.#shape, {
      mutant: mutantNamed(options.mutant),
      judge: this.#judge,
      watcher: { up: (process, agent, name, startedMs) => this.#agentUp(process, agent, name, startedMs) },
    });
    const machines = this.#pool.servers.map(({ machine }) => machine);
    this.#addresses = new AddressJudge(world, floatingAddress, machines);
    this.#backups = new CoordinatorRestore(world, this.#pool.coordinator, () => this.#pool.members);
    this.#judge.coordinatorIsInDoubt = () => this.#backups.isInDoubt;
    this.#injector = new FaultInjector(world, this.#victims(), {
      restore: (agoMs) => this.#backups.restore(agoMs),
      confirm: async () => {
        await this.#backups.confirm();
        if (!this.#backups.isInDoubt) this.#pool.listMissing();
      },
    });
    this.#operators = new PoolOperators({
      world,
      random: random.fork('operators'),
      desks: () => this.#pool.servers.flatMap(({ live }) => (live?.process.alive ? [live] : [])),
      someMessage: () => this.#ledger.some(random),
      serverNames: () => this.#pool.members.map(({ name }) => name),
      roles: this.#roles,
      notes: this.#notes,
    });
    const agentMachines = new Set(this.#pool.agents.map(({ machine }) => machine));
    world.network.onAttempt = (process, what) => {
      if (agentMachines.has(process.machine)) this.#retries.attempt(process, what, world.scheduler.nowMs);
    };
  }

  #serverOn(process: SimProcess): SimServer | undefined {
    return this.#pool.servers.find(({ machine }) => machine === process.machine);
  }

  // The agents' work.

  async #agentUp(process: SimProcess, agent: Agent, name: string, startedMs: number): Promise<void> {
    const { nowMs } = this.#world.scheduler;
    check(
      nowMs - startedMs <= agentStartMsMax || this.#injector.calmFromMs(name) > startedMs,
      'an agent starts after any crash (I10)',
      () => `${name} took from ${startedMs} to ${nowMs}`,
    );
    this.#agentProcesses.set(name, process);
    for (;;) {
      await sleep(process.runtime.timers, process.random.around(this.#shape.sendEveryMs));
      if (this.#stopped) continue;
      const count = 1 + process.random.int(this.#shape.burstMax);
      await Promise.all(Array.from({ length: count }, () => this.#send(process, agent, name)));
    }
  }

  /** What the agent took is on its disk: from then on it may not be lost. */
  async #send(process: SimProcess, agent: Agent, name: string): Promise<void> {
    const text = `${mark}${this.#ledger.attemptedCount + 1} of ${process.name}`;
    this.#ledger.attempted(text);
    try {
      const id = await agent.send({ severity: process.random.pick(severities), text });
      this.#ledger.accepted(id, text);
      const accepted = this.#accepted.get(name) ?? [];
      this.#accepted.set(name, accepted);
      accepted.push(id);
    } catch (error) {
      if (codeOf(error) === 'WK_INTERNAL') throw error;
    }
  }

  #overload(name: string, count: number): void {
    const process = this.#agentProcesses.get(name);
    const agent = this.#pool.agents.find((one) => one.name === name)?.running;
    if (!process?.alive || !agent || this.#stopped) return;
    const run = (): void => {
      for (let i = 0; i < count; i += 1) void this.#send(process, agent, name);
    };
    this.#world.scheduler.after(0, 'overload', run, { owner: process });
  }

  // What may be struck.

  #victims(): Map<string, Victim> {
    const servers = this.#pool.servers.map((server): [string, Victim] => [
      server.name,
      {
        processes: () => server.machine.processes,
        restart: () => this.#pool.startOn(server.name),
        keepDisk: () => this.#tails.keep(server),
        putDiskBack: () => this.#tails.putBack(server),
        leave: () => this.#leave(server),
        join: () => this.#pool.join(server),
      },
    ]);
    const agents = this.#pool.agents.map(({ name, machine }): [string, Victim] => [
      name,
      {
        processes: () => machine.processes,
        restart: () => this.#pool.startOn(name),
        overload: (count) => this.#overload(name, count),
      },
    ]);
    return new Map([...servers, ...agents]);
  }

  /** As the command does it: not the last but one, and only once the others have all that it has. */
  #leave(server: SimServer): boolean {
    const others = this.#pool.members.filter((one) => one !== server);
    if (this.#backups.isInDoubt || !server.member || others.length < 2 || this.#pool.spareServers === 0)
      return false;
    const isDrained = this.#checker.hasAll(
      server.reader,
      others.map(({ reader }) => reader),
    );
    if (!isDrained) return false;
    this.#pool.remove(server);
    this.#checker.forget(server.name);
    this.#definitions.forget(server.name);
    return true;
  }

  /** As systemd does: what is gone and was not struck down starts again. */
  #supervise(): void {
    this.#injector.restartWhatEnded();
    this.#world.scheduler.after(supervisorMs, 'supervise', () => this.#supervise());
  }

  // The phases.

  async run(): Promise<RunResult> {
    const untilMs = warmUpMs + this.#options.faultsMs;
    const servers = this.#pool.servers.map(({ name }) => name);
    const sources = this.#pool.agents.map(({ name }) => name);
    const scope = {
      fromMs: warmUpMs,
      untilMs,
      machines: [...servers, ...servers, ...sources.slice(0, 2 * servers.length)],
      others: [this.#pool.coordinator.site],
      servers,
      sources,
      kinds: kinds.filter((kind) => kind !== 'lost tail' || this.#shape.losesTails),
      callsPrograms: this.#shape.hasAddress,
      everyMs: this.#shape.faultsEveryMs,
      leaseMs: this.#shape.lease.ttlMs,
    };
    this.#supervise();
    this.#operators.start();
    this.#injector.schedule(this.#options.plan ?? planFaults(this.#world.random.fork('faults'), scope));
    while (this.#world.scheduler.nowMs < untilMs) await this.#step();
    this.#stopped = true;
    this.#operators.stop();
    await this.#liveness();
    await this.#recovery();
    this.#checkEnd();
    this.#countRare();
    return { acknowledged: this.#delivered() };
  }

  /** A random core heals, the rest stays broken for good: the core comes to rest. */
  async #liveness(): Promise<void> {
    const random = this.#world.random.fork('core');
    const members = [...this.#pool.members];
    const needed = Math.max(Math.min(2, members.length), Math.floor(members.length / 2) + 1);
    const broken: SimServer[] = [];
    while (members.length > needed && random.chance(0.6))
      broken.push(...members.splice(random.int(members.length), 1));
    // Who never heard of the pool cannot work without the coordinator.
    const knows = members.every(({ reader }) => !this.#definitions.isEmpty(reader));
    const withCoordinator = !knows || random.chance(0.75);
    const apart = [
      ...broken.map(({ name }) => name),
      ...(withCoordinator ? [] : [this.#pool.coordinator.site]),
    ];
    if (apart.length === 0) return;
    this.#injector.healAllBut(apart, random);
    await this.#converge(members, withCoordinator ? this.#roles : []);
    this.#world.trace.count('a core went on without the rest');
    if (!withCoordinator) this.#world.trace.count('a core went on without the coordinator');
  }

  async #recovery(): Promise<void> {
    this.#injector.healAll();
    await this.#converge(this.#pool.servers, this.#roles, () => this.#undefined() ?? this.#misplaced());
  }

  async #step(): Promise<void> {
    await this.#world.run(this.#world.scheduler.nowMs + stepMs);
    const { nowMs } = this.#world.scheduler;
    const looksAtDefinitions = nowMs - this.#definitionsMs >= definitionsEveryMs;
    if (looksAtDefinitions) this.#definitionsMs = nowMs;
    for (const { name, reader, member } of this.#pool.servers) {
      if (!member) continue;
      this.#checker.see(name, reader);
      if (looksAtDefinitions) this.#definitions.see(name, reader);
    }
    for (const { name, reader, config } of this.#pool.agents)
      if (config.buffer.bytesMax < 1e6) checkBufferCap(name, reader, config.buffer.bytesMax);
    this.#tails.look();
    this.#noteOutage();
  }

  /** Messages are taken and forwarded though nobody reaches the coordinator (I17). */
  #noteOutage(): void {
    const { nowMs } = this.#world.scheduler;
    const { site } = this.#pool.coordinator;
    const isAway = this.#pool.servers.every(({ name }) => this.#world.network.links.isCut(name, site));
    if (!isAway) {
      this.#outageFromMs = nowMs;
      this.#deliveredBefore = null;
    } else if (nowMs - this.#outageFromMs > 5_000) {
      const delivered = this.#delivered();
      if (this.#deliveredBefore !== null && delivered > this.#deliveredBefore)
        this.#world.trace.count('messages were stored while the coordinator was away');
      this.#deliveredBefore = delivered;
    }
  }

  #delivered(): number {
    return this.#pool.agents.reduce(
      (all, { running }) => all + (running ? sum(running.status.buffer.delivered) : 0),
      0,
    );
  }

  // Coming to rest.

  async #converge(
    servers: readonly SimServer[],
    held: readonly string[],
    more: () => string | null = () => null,
  ): Promise<void> {
    const untilMs = this.#world.scheduler.nowMs + convergeMsMax;
    const unconverged = (): string | null => this.#unconverged(servers, held) ?? more();
    for (let problem = unconverged(); problem !== null; problem = unconverged()) {
      const text = problem;
      check(this.#world.scheduler.nowMs < untilMs, 'healing converges (I2, I16)', () => text);
      await this.#step();
    }
  }

  /** What is still to come, or null. */
  #unconverged(servers: readonly SimServer[], held: readonly string[]): string | null {
    for (const { name, running } of this.#pool.agents) {
      if (!running) return `${name} is not up`;
      const { buffer, connection } = running.status;
      const buffered = sum(buffer.buffered);
      if (buffered > 0) return `${name} still has ${buffered} messages, ${JSON.stringify(connection)}`;
    }
    const disks = servers.map(({ name, reader }) => `${name} ${describeDisk(reader)}`);
    if (new Set(disks.map((disk) => disk.slice(disk.indexOf(' ')))).size > 1) return disks.join(' | ');
    const { nowMs } = this.#world.scheduler;
    const unheld = held.filter((role) => this.#judge.holders(role, nowMs).length !== 1);
    return unheld.length > 0 ? `nobody holds ${unheld.join(', ')}` : null;
  }

  #undefined(): string | null {
    const { items } = this.#pool.coordinator.store.list('');
    const lasting = items.filter(({ key }) => !key.startsWith('sessions/'));
    for (const { name, reader } of this.#pool.servers) {
      const why = this.#definitions.differs(reader, lasting);
      if (why !== null) return `${name} has other definitions: ${why}`;
    }
    return null;
  }

  #misplaced(): string | null {
    if (!this.#shape.hasAddress) return null;
    const [holder] = this.#judge.holders(floating, this.#world.scheduler.nowMs);
    return this.#addresses.unsettled(holder?.machine ?? null);
  }

  #checkEnd(): void {
    const [first] = this.#pool.servers;
    const isStored = (id: string): boolean => first?.reader.has(id) === true;
    const dropped = checkBooks(this.#pool.agents, this.#accepted, isStored);
    this.#world.trace.count('messages were dropped by a full buffer', dropped.size);
    for (const { name, reader } of this.#pool.servers) {
      const held = new Map([...messagesOnDisk(reader)].filter(([, text]) => text.startsWith(mark)));
      this.#ledger.checkHeld(name, held, dropped);
      this.#notes.checkHeld(name, reader);
      this.#checker.checkWhole(name, reader);
    }
    this.#retries.checkSpread();
  }

  #countRare(): void {
    const { trace } = this.#world;
    const [first] = this.#pool.servers;
    const voids = first?.reader.all('SELECT count(*) AS n FROM decisions WHERE void = 1') as { n: number }[];
    trace.count('a decision of a lower epoch was void', voids[0]?.n ?? 0);
    trace.count('state compared', this.#checker.comparedCount);
    trace.count('role changes', this.#judge.changes);
    trace.count('an address moved', this.#addresses.moves);
    trace.count('a lease expired while its holder was paused', this.#judge.expiredWhilePaused);
    trace.count('waits between retries compared', this.#retries.samples);
    trace.count('notes stored twice', this.#notes.storedCount);
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }
}

export const wholeScenario: Scenario = {
  name: 'whole',
  world: {},
  async run(world, options) {
    using run = new WholeRun(world, options);
    return await run.run();
  },
};
