import {
  actingRole,
  keys,
  virtualInterfacePrefix,
  type RoleDefinition,
} from '../../src/model/definitions.ts';
import { originOf } from '../../src/model/origin.ts';
import { uuidV4 } from '../../src/model/uuid.ts';
import { startKeeper } from '../../src/pool/keeper.ts';
import { aliveEveryMs, timingsDefault } from '../../src/pool/lease/timings.ts';
import { Grants } from '../../src/server/roles/grants.ts';
import { KeeperLink } from '../../src/server/roles/keeper-link.ts';
import { AddressJudge } from '../checkers/address-judge.ts';
import { HeldWithin } from '../checkers/held-within.ts';
import { overheard } from '../checkers/overheard.ts';
import { RoleJudge } from '../checkers/role-judge.ts';
import type { FaultKind } from '../faults/fault.ts';
import { FaultInjector, type Victim } from '../faults/fault-injector.ts';
import { planFaults } from '../faults/plan-faults.ts';
import { mutantNamed } from '../mutants/mutants.ts';
import { QuestionPost } from '../test-peer/question-post.ts';
import { RoleOperator } from '../test-peer/role-operator.ts';
import { SimCoordinator } from '../world/coordinator.ts';
import { Kernel } from '../world/kernel.ts';
import type { SimProcess } from '../world/process.ts';
import { check } from '../world/violation.ts';
import type { World } from '../world/world.ts';
import type { Scenario, ScenarioOptions } from './scenario.ts';

const kinds: readonly FaultKind[] = [
  'kill', 'pause', 'freeze', 'power loss', 'isolate', 'slow disk', 'clock jump', 'cut', 'one-way cut', 'slow link',
  'outage',
]; // prettier-ignore
/** What tries the promises of members; drawn now and then instead of everything. */
const outageKinds: readonly FaultKind[] = ['outage', 'cut', 'one-way cut', 'pause'];
const virtualInterface = `${virtualInterfacePrefix}main`;
/** A real address, which the keepers put on their machines and gate by themselves. */
const floating = `${virtualInterfacePrefix}floating`;
const address = '192.0.2.1';
const roles = [actingRole, virtualInterface, floating];
const strayChance = 0.3;
const warmUpMs = 6_000;
/** From the end of the faults: the longest pause, a hung server and its restart, a lease, and some room. */
const settleMs = 45_000;
const steadyMs = 10_000;
/** A lease, a hung server and its restart, and some room. */
const takeoverMsMax = 15_000;
const sampleMs = 250;

/** Keepers with their server processes around one coordinator. */
class KeeperPool {
  readonly #world: World;
  readonly #options: ScenarioOptions;
  readonly #judge: RoleJudge;
  readonly #addresses: AddressJudge;
  readonly #coordinator: SimCoordinator;
  readonly #post: QuestionPost;
  #outageFromMs = 0;
  readonly #servers: readonly { readonly name: string; readonly coreId: string }[];

  constructor(world: World, options: ScenarioOptions) {
    this.#world = world;
    this.#post = new QuestionPost(world);
    this.#options = options;
    const random = world.random.fork('pool');
    this.#coordinator = new SimCoordinator(world, 'coordinator', random.pick([20, 200, 1_000]));
    this.#coordinator.onCommit = (transaction) => this.#judge.committed(transaction, world.scheduler.nowMs);
    const count = random.pick([1, 2, 3, 3, 3, 5]);
    this.#servers = Array.from({ length: count }, (_, i) => ({
      name: `p${i + 1}`,
      coreId: uuidV4(random.bytes(16)),
    }));
    this.#judge = new RoleJudge(({ machine }) => this.#coreIdOn(machine.name), count === 1, timingsDefault);
    const machines = this.#servers.map(({ name }) => world.machine(name));
    this.#addresses = new AddressJudge(world, address, machines);
    this.#define(uuidV4(random.bytes(16)), uuidV4(random.bytes(16)));
    for (const { name, coreId } of this.#servers) this.#prepare(name, coreId);
  }

  #define(id: string, lineage: string): void {
    const pool = { id, name: 'sim', createdMs: 0, authorities: ['simulated'], lineage };
    const servers = this.#servers.map(({ name, coreId }) => ({
      key: keys.server(coreId),
      value: JSON.stringify({ coreId, name, url: `https://${name}:1`, joinedMs: 0 }),
    }));
    const order = this.#servers.map(({ coreId }) => coreId);
    const failback = this.#world.random.fork('failback').pick(['manual', 'automatic'] as const);
    const { device } = Kernel;
    const interfaces: RoleDefinition[] = [
      {
        role: virtualInterface,
        order,
        failback,
        pinned: null,
        carrier: { kind: 'listen', host: 'v', port: 1 },
      },
      {
        role: floating,
        order: [],
        failback,
        pinned: null,
        carrier: { kind: 'address', address, port: 1, interface: device, interfaces: {} },
      },
    ];
    const writes = [
      { key: keys.pool, value: JSON.stringify(pool) },
      ...interfaces.map((role) => ({ key: keys.role(role.role), value: JSON.stringify(role) })),
      ...servers,
    ];
    this.#coordinator.store.transact({ conditions: [], writes });
  }

  #coreIdOn(machine: string): string {
    return this.#servers.find(({ name }) => name === machine)?.coreId ?? '';
  }

  #prepare(name: string, coreId: string): void {
    this.#world.machine(name).programFor = () => (process) => this.#serverProcess(process, coreId);
    this.#startKeeper(name, coreId);
  }

  #startKeeper(name: string, coreId: string): void {
    this.#world.machine(name).start('keeper', async (process) => {
      const mutant = mutantNamed(this.#options.mutant);
      const [runtime, coordination] = mutant.twistKeeper(
        process.runtime,
        this.#coordinator.clientOf(process),
      );
      const keeper = await startKeeper({
        runtime,
        coordination,
        coreId,
        folder: '/data',
        serverArgs: ['server'],
        version: '1',
      });
      await keeper.stopped;
    });
  }

  /** The server's end of the pipe as it really is; behind it nothing but a healthy answer. */
  #serverProcess(process: SimProcess, coreId: string): void {
    const { clock, timers, log, commands, random } = process.runtime;
    const { parent } = commands;
    if (!parent) throw new Error('a server process has a parent');
    const origin = originOf(coreId, Buffer.from(random.bytes(4)).toString('hex'));
    const epochs: Record<string, number> = {};
    const grants = new Grants({ clock, timers });
    const link = new KeeperLink({
      parent: overheard(process, parent, this.#judge, (role) => grants.current(role) !== null),
      timers,
      log,
      grants,
      aliveEveryMs: aliveEveryMs(timingsDefault),
      alive: () => ({ kind: 'alive', origin, healthy: true, because: '', lagMs: 0, epochs, positions: '{}' }),
      coordinator: () => undefined,
      question: (message) => this.#post.carry(coreId, message),
      stop: () => process.exit(0),
    });
    this.#post.join(coreId, { process, say: (message) => link.say(message) });
    grants.listen({
      gained: ({ role, epoch }) => {
        epochs[role] = epoch;
      },
      lost: (role, epoch) => link.released(role, epoch),
    });
  }

  #victims(): Map<string, Victim> {
    return new Map(
      this.#servers.map(({ name, coreId }) => {
        const machine = this.#world.machine(name);
        const restart = (): void => {
          if (machine.processes.some((process) => process.name.includes('keeper'))) return;
          if (machine.random.chance(strayChance)) this.#addresses.strand(machine);
          this.#startKeeper(name, coreId);
        };
        return [name, { processes: () => machine.processes, restart }];
      }),
    );
  }

  async run(): Promise<number> {
    const untilMs = warmUpMs + this.#options.faultsMs;
    const injector = new FaultInjector(this.#world, this.#victims());
    const isOfOutages = this.#world.random.fork('outages').chance(0.3);
    const scope = {
      fromMs: warmUpMs,
      untilMs,
      machines: this.#servers.map(({ name }) => name),
      others: [this.#coordinator.site],
      callsPrograms: true,
      kinds: isOfOutages ? outageKinds : kinds,
      everyMs: isOfOutages ? ([2_000, 8_000] as const) : ([4_000, 40_000] as const),
      leaseMs: timingsDefault.ttlMs,
    };
    const coreIds = this.#servers.map(({ coreId }) => coreId);
    const operator = new RoleOperator(this.#world, this.#coordinator, roles, coreIds);
    operator.begin(warmUpMs, untilMs);
    injector.schedule(this.#options.plan ?? planFaults(this.#world.random.fork('faults'), scope));
    await this.#world.run(warmUpMs);
    this.#checkHeld('after warming up');
    await this.#underFaults(untilMs, injector);
    injector.healAll();
    await this.#settle(untilMs + settleMs);
    // A server may still stand still while the others have come to rest; operators are promised something once all are well.
    const wellFromMs = Math.max(...this.#servers.map(({ name }) => injector.calmFromMs(name)));
    await this.#world.run(Math.max(this.#world.scheduler.nowMs, wellFromMs + takeoverMsMax));
    await this.#settle(this.#world.scheduler.nowMs + settleMs);
    operator.checkObeyed();
    const [holder] = this.#judge.holders(floating, this.#world.scheduler.nowMs);
    const unsettled = this.#addresses.unsettled(holder?.machine ?? null);
    check(unsettled === null, 'its holder has the address, nobody else (I11)', () => unsettled ?? '');
    this.#world.trace.count('an address moved', this.#addresses.moves);
    this.#world.trace.count('role changes', this.#judge.changes);
    this.#world.trace.count('a lease expired while its holder was paused', this.#judge.expiredWhilePaused);
    return 0;
  }

  async #underFaults(untilMs: number, injector: FaultInjector): Promise<void> {
    const { scheduler, trace } = this.#world;
    const held = new HeldWithin(takeoverMsMax);
    while (scheduler.nowMs < untilMs) {
      await this.#world.run(scheduler.nowMs + sampleMs);
      const unheld = this.#unheld();
      const calmFromMs = Math.min(...this.#servers.map(({ name }) => injector.calmFromMs(name)));
      const seen = roles.map((role) => ({ role, isHeld: !unheld.includes(role) }));
      held.see(scheduler.nowMs, calmFromMs, seen);
      this.#noteOutage(roles.length - unheld.length);
    }
    trace.count('a role had to be held during faults', held.inForce);
  }

  /** Longer than any lease: whoever acts then does so because every member let it. */
  #noteOutage(held: number): void {
    const { nowMs } = this.#world.scheduler;
    const reaches = this.#servers.some(
      ({ name }) => !this.#world.network.links.isCut(name, this.#coordinator.site),
    );
    if (reaches) this.#outageFromMs = nowMs;
    if (held > 0 && nowMs - this.#outageFromMs > timingsDefault.ttlMs)
      this.#world.trace.count('roles were kept while the coordinator was away');
  }

  #unheld(): string[] {
    const { nowMs } = this.#world.scheduler;
    return roles.filter((role) => this.#judge.holders(role, nowMs).length !== 1);
  }

  #checkHeld(when: string): void {
    check(
      this.#unheld().length === 0,
      'some holder exists (I16)',
      () => `nobody holds ${this.#unheld().join(', ')} ${when}`,
    );
  }

  /** Once everything is well each role has a holder, all the time and the same; by `untilMs` at the latest. */
  async #settle(untilMs: number): Promise<void> {
    let { changes } = this.#judge;
    for (let steadyForMs = 0; steadyForMs < steadyMs; steadyForMs += 100) {
      await this.#world.run(this.#world.scheduler.nowMs + 100);
      const moved = this.#judge.changes !== changes || this.#unheld().length > 0;
      changes = this.#judge.changes;
      if (!moved) continue;
      steadyForMs = 0;
      check(
        this.#world.scheduler.nowMs < untilMs,
        'roles come to rest (I16)',
        () => `nobody holds ${this.#unheld().join(', ')}`,
      );
    }
  }
}

export const poolScenario: Scenario = {
  name: 'pool',
  world: {},
  async run(world, options) {
    return { acknowledged: await new KeeperPool(world, options).run() };
  },
};
