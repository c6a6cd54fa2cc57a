import type { Journal } from '../../src/journal/journal.ts';
import { timingsDefault } from '../../src/pool/lease/timings.ts';
import type { Entry } from '../../src/model/entry.ts';
import { uuidV4 } from '../../src/model/uuid.ts';
import { DiskReader } from '../world/disk-reader.ts';
import { describeDisk, JournalChecker, messagesOnDisk } from '../checkers/journal-checker.ts';
import { EpochJudge } from '../checkers/epoch-judge.ts';
import { Ledger } from '../checkers/ledger.ts';
import type { FaultKind } from '../faults/fault.ts';
import { FaultInjector, type Victim } from '../faults/fault-injector.ts';
import { planFaults } from '../faults/plan-faults.ts';
import {
  databasePath,
  journalServer,
  port,
  type LiveServer,
  type PeerServer,
} from '../test-peer/journal-server.ts';
import type { Mutant } from '../mutants/mutant.ts';
import { mutantNamed } from '../mutants/mutants.ts';
import { producer } from '../test-peer/producer.ts';
import { Operators } from '../test-peer/operators.ts';
import type { SimProcess } from '../world/process.ts';
import { check } from '../world/violation.ts';
import type { World } from '../world/world.ts';
import type { Scenario, ScenarioOptions } from './scenario.ts';

const kinds: readonly FaultKind[] = [
  'kill',
  'pause',
  'power loss',
  'isolate',
  'disk full',
  'slow disk',
  'clock jump',
  'cut',
  'one-way cut',
  'slow link',
  'reset',
  'half open',
];
const warmUpMs = 5_000;
const checkEveryMs = 1_000;
const convergeMsMax = 90_000;

interface Server {
  readonly peer: PeerServer;
  process: SimProcess;
  live: LiveServer | null;
  readonly reader: DiskReader;
}

/** Three journals that forward to each other, agents that send to them, operators who work on them. */
class JournalPool implements Disposable {
  readonly #world: World;
  readonly #mutant: Mutant;
  readonly #pool: string;
  readonly #ledger = new Ledger();
  readonly #operators: Operators;
  readonly #checkers = new JournalChecker();
  readonly #judge = new EpochJudge();
  /** Half of the seeds trim; what was trimmed cannot be built anew. */
  readonly #keepMs: number | null;
  readonly #servers: Server[];
  #stopped = false;

  constructor(world: World, options: ScenarioOptions) {
    this.#world = world;
    this.#mutant = mutantNamed(options.mutant);
    const ids = world.random.fork('ids');
    this.#keepMs = world.random.fork('keep').pick([null, 3_000]);
    this.#pool = uuidV4(ids.bytes(16));
    const peers = ['s1', 's2', 's3'].map((host): PeerServer => ({ host, coreId: uuidV4(ids.bytes(16)) }));
    this.#servers = peers.map((peer) => ({
      peer,
      process: this.#start(peer, peers),
      live: null,
      reader: new DiskReader(world.machine(peer.host).disk.realPath(databasePath)),
    }));
    this.#operators = new Operators(
      world.random.fork('operators'),
      this.#judge,
      () => this.#live(),
      () => this.#ledger.some(world.random),
    );
    for (let i = 1; i <= 2 + ids.int(4); i += 1) this.#startProducer(`a${i}`, uuidV4(ids.bytes(16)));
  }

  #start(peer: PeerServer, peers: readonly PeerServer[]): SimProcess {
    const others = peers.filter(({ coreId }) => coreId !== peer.coreId);
    const program = journalServer({
      pool: this.#pool,
      self: peer,
      others,
      mutant: this.#mutant,
      keepMs: this.#keepMs,
      onReady: (live) => {
        const server = this.#servers.find((one) => one.process === live.process);
        if (server) server.live = live;
      },
    });
    return this.#world.machine(peer.host).start('server', program);
  }

  #startProducer(name: string, coreId: string): void {
    const program = producer({
      pool: this.#pool,
      coreId,
      name,
      urls: this.#servers.map(({ peer }) => `https://${peer.host}:${port}`),
      everyMs: 600,
      ledger: this.#ledger,
      holders: (id) => this.#servers.filter(({ reader }) => reader.has(id)).length,
      stopped: () => this.#stopped,
    });
    this.#world.machine(name).start('producer', program);
  }

  #live(): LiveServer[] {
    return this.#servers.flatMap(({ process, live }) =>
      process.alive && !process.frozen && live ? [live] : [],
    );
  }

  #victims(): Map<string, Victim> {
    const peers = this.#servers.map(({ peer }) => peer);
    return new Map(
      this.#servers.map((server) => [
        server.peer.host,
        {
          processes: () => [server.process],
          restart: () => {
            if (server.process.alive) return;
            server.live = null;
            server.process = this.#start(server.peer, peers);
          },
        },
      ]),
    );
  }

  async run(options: ScenarioOptions): Promise<number> {
    const injector = new FaultInjector(this.#world, this.#victims());
    const untilMs = warmUpMs + options.faultsMs;
    const scope = {
      fromMs: warmUpMs,
      untilMs,
      machines: this.#servers.map(({ peer }) => peer.host),
      others: this.#world.machines.map(({ name }) => name).filter((name) => name.startsWith('a')),
      kinds,
      everyMs: [4_000, 40_000] as const,
      leaseMs: timingsDefault.ttlMs,
    };
    injector.schedule(options.plan ?? planFaults(this.#world.random.fork('faults'), scope));
    this.#operators.start(this.#world);
    while (this.#world.scheduler.nowMs < untilMs) await this.#step();
    this.#stopped = true;
    this.#operators.stop();
    injector.healAll();
    await this.#converge();
    this.#checkEnd();
    await this.#checkRebuilt();
    return this.#ledger.acknowledgedCount;
  }

  async #step(): Promise<void> {
    await this.#world.run(this.#world.scheduler.nowMs + checkEveryMs);
    for (const { peer, reader } of this.#servers) this.#checkers.see(peer.host, reader);
  }

  async #converge(): Promise<void> {
    const untilMs = this.#world.scheduler.nowMs + convergeMsMax;
    while (!this.#converged()) {
      check(
        this.#world.scheduler.nowMs < untilMs,
        'healing converges (I2)',
        () =>
          `${this.#ledger.open} messages unacknowledged; ${this.#servers.map(({ reader }) => describeDisk(reader)).join(' | ')}`,
      );
      await this.#step();
    }
  }

  #converged(): boolean {
    if (this.#ledger.open > 0) return false;
    const keys = this.#servers.map(({ reader }) => describeDisk(reader));
    return keys.every((key) => key === keys[0]);
  }

  #checkEnd(): void {
    let voids = 0;
    for (const { peer, reader } of this.#servers) {
      this.#ledger.checkHeld(peer.host, messagesOnDisk(reader));
      this.#checkers.checkWhole(peer.host, reader);
      voids = this.#judge.checkVoid(peer.host, reader);
    }
    this.#world.trace.count('state compared', this.#checkers.comparedCount);
    this.#world.trace.count('a decision of a lower epoch was void', voids);
  }

  /** In each server's own process: the hash kept as it went is that of the rows, and that of the journal alone. */
  async #checkRebuilt(): Promise<void> {
    for (const { journal, store, process } of this.#live()) {
      const compare = (): void => {
        const kept = store.stateHash();
        check(
          store.recomputeStateHash() === kept,
          'the kept hash is that of the rows (I6)',
          () => process.name,
        );
        if (this.#keepMs !== null) return;
        store.rebuild(entriesOf(journal));
        check(store.stateHash() === kept, 'the state follows from the journal (I6)', () => process.name);
      };
      this.#world.scheduler.after(0, 'rebuild', compare, { owner: process });
      await this.#world.run(this.#world.scheduler.nowMs + 100);
    }
  }

  [Symbol.dispose](): void {
    for (const { reader } of this.#servers) reader[Symbol.dispose]();
  }
}

/** Origin after origin, which is hardly the order in which they came. */
function* entriesOf(journal: Journal): Iterable<Entry> {
  for (const { origin, last } of journal.heads()) {
    let after = 0;
    while (after < last) {
      const entries = journal.read(origin, after, 1_000_000);
      yield* entries;
      after += entries.length;
    }
  }
}

export const journalScenario: Scenario = {
  name: 'journal',
  world: {},
  async run(world, options) {
    using pool = new JournalPool(world, options);
    return { acknowledged: await pool.run(options) };
  },
};
