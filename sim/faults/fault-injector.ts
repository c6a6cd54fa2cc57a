import type { CommitBehaviour } from '../world/databases.ts';
import type { Machine } from '../world/machine.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { SeededRandom } from '../world/random.ts';
import type { Fault } from './fault.ts';

/** What a scenario says about a machine that may be struck. */
export interface Victim {
  /** The processes that faults may hit; one is drawn. */
  processes(): readonly SimProcess[];
  /** Starts again what runs there, after a kill or a loss of power. Called once it was down for a while. */
  restart(): void;
  /** Hands it so many messages at once. */
  overload?(count: number): void;
  /** Notes what the disk holds now; false when it may not lose any of it now. */
  keepDisk?(): boolean;
  /** Without power: the disk holds what it held then. False when it is another disk by now. */
  putDiskBack?(): boolean;
  /** Leaves the pool for good and loses its disk; false when it may not go now. */
  leave?(): boolean;
  /** A new one with its name joins; `restart` is called next. */
  join?(): void;
}

/** What a scenario can do to its coordinator beside cutting it off. */
export interface Coordinating {
  /** False when it cannot be restored now. */
  restore(agoMs: number): boolean;
  confirm(): Promise<void>;
}

const yearMs = 365 * 86_400_000;
const well: CommitBehaviour = { meanMs: 1, failing: false, full: false };

/** Carries a plan out, and takes all of it back at `healAll`. */
export class FaultInjector {
  readonly #world: World;
  readonly #victims: ReadonlyMap<string, Victim>;
  readonly #down = new Set<string>();
  /** Of those that are down: who left the pool. */
  readonly #absent = new Set<string>();
  #brokenForGood: readonly string[] = [];
  readonly #calmFromMs = new Map<string, number>();
  readonly #coordinating: Coordinating | null;
  #healed = false;

  constructor(world: World, victims: ReadonlyMap<string, Victim>, coordinating: Coordinating | null = null) {
    this.#coordinating = coordinating;
    this.#world = world;
    this.#victims = victims;
  }

  schedule(plan: readonly Fault[]): void {
    this.#world.plan = plan;
    for (const fault of plan) this.#world.scheduler.at(fault.atMs, fault.kind, () => this.#strike(fault));
  }

  #later(delayMs: number, run: () => void): void {
    this.#world.scheduler.after(delayMs, 'heal', () => {
      if (!this.#healed) run();
    });
  }

  /** No more faults: links whole, disks well, everything that was down started again. */
  healAll(): void {
    this.#world.trace.line('everything heals');
    for (const name of this.#brokenForGood) this.#setApart(name, false);
    this.#brokenForGood = [];
    this.#heal();
  }

  /** The same but for these machines: they stay without power or cut off from everybody, for good. */
  healAllBut(broken: readonly string[], random: SeededRandom): void {
    this.#world.trace.line(`everything heals but ${broken.join(', ')}`);
    this.#brokenForGood = broken;
    this.#heal();
    for (const name of broken) {
      if (random.chance(0.5)) this.#world.machine(name).losePower();
      this.#setApart(name, true);
    }
  }

  #heal(): void {
    this.#healed = true;
    void this.#coordinating?.confirm();
    this.#world.network.links.healAll();
    for (const name of this.#victims.keys()) this.#disk(name, well);
    for (const name of this.#down) this.#restart(name);
  }

  #setApart(machine: string, apart: boolean): void {
    const { links } = this.#world.network;
    for (const other of this.#sites().filter((name) => name !== machine))
      for (const [from, to] of [
        [machine, other],
        [other, machine],
      ] as const)
        // prettier-ignore
        if (apart) links.cut(from, to);
        else links.heal(from, to);
  }

  /** Starts again what ended by itself; what was struck down stays down for its time. */
  restartWhatEnded(): void {
    for (const [name, victim] of this.#victims)
      if (!this.#down.has(name) && !this.#brokenForGood.includes(name)) victim.restart();
  }

  /** Since when nothing has been wrong with a machine or one of its links; in the future while something is. */
  calmFromMs(machine: string): number {
    return this.#calmFromMs.get(machine) ?? 0;
  }

  #disturb(fault: Fault): void {
    const untilMs = this.#world.scheduler.nowMs + ('durationMs' in fault ? fault.durationMs : 0);
    for (const machine of this.#touched(fault))
      this.#calmFromMs.set(machine, Math.max(untilMs, this.calmFromMs(machine)));
  }

  #touched(fault: Fault): readonly string[] {
    if (fault.kind === 'outage') return this.#sites();
    // Whether anything is wrong decides whether it happens at all.
    if (fault.kind === 'restore') return [];
    if (fault.kind === 'blackout') return fault.machines;
    return 'machine' in fault ? [fault.machine] : [fault.from, fault.to];
  }

  #strike(fault: Fault): void {
    if (this.#healed) return;
    this.#world.trace.line(`fault ${JSON.stringify(fault)}`);
    this.#world.trace.count(fault.kind);
    this.#world.faultsFired += 1;
    this.#disturb(fault);
    this.#do(fault);
  }

  #do(fault: Fault): void {
    switch (fault.kind) {
      case 'kill':
        return this.#at(fault, (process) => this.#kill(process, fault));
      case 'pause':
        return this.#at(fault, (process) => process.pause(fault.durationMs));
      case 'freeze':
        return this.#freeze(fault);
      case 'power loss':
        this.#world.machine(fault.machine).losePower();
        return this.#goesDown(fault.machine, fault.durationMs);
      case 'restore':
        if (this.#coordinating?.restore(fault.agoMs) !== true) return;
        this.#world.trace.count('the coordinator was restored from a backup');
        return this.#later(fault.durationMs, () => void this.#coordinating?.confirm());
      case 'blackout':
        this.#world.trace.count('every server was down at once');
        for (const machine of fault.machines) {
          this.#world.machine(machine).losePower();
          this.#goesDown(machine, fault.durationMs);
        }
        return;
      case 'lost tail':
        return this.#loseTail(fault);
      case 'replace':
        return this.#replace(fault.machine, fault.durationMs);
      case 'overload':
        return this.#victims.get(fault.machine)?.overload?.(fault.count);
      case 'isolate':
        return this.#isolate(fault.machine, fault.durationMs);
      case 'outage':
        return this.#isolate(fault.machine, fault.durationMs, fault.except);
      case 'cut':
        return this.#cut([[fault.from, fault.to], [fault.to, fault.from]], fault.durationMs); // prettier-ignore
      case 'one-way cut':
        return this.#cut([[fault.from, fault.to]], fault.durationMs);
      case 'slow link':
        return this.#slow(fault.from, fault.to, fault.meanMs, fault.durationMs);
      case 'slow disk':
        return this.#disk(fault.machine, { ...well, meanMs: fault.meanMs }, fault.durationMs);
      case 'disk full':
        return this.#disk(fault.machine, { ...well, full: true }, fault.durationMs);
      case 'failing disk':
        return this.#disk(fault.machine, { ...well, failing: true }, fault.durationMs);
      case 'clock jump':
        if (Math.abs(fault.byMs) > yearMs) this.#world.trace.count('a wall clock jumped by years');
        return this.#world.machine(fault.machine).clock.jumpWall(fault.byMs);
      case 'reset':
      case 'half open':
        return this.#reset(fault.from, fault.to, fault.kind === 'half open');
    }
  }

  #at(fault: Extract<Fault, { kind: 'kill' | 'pause' }>, act: (process: SimProcess) => void): void {
    const processes =
      this.#victims
        .get(fault.machine)
        ?.processes()
        .filter((process) => process.alive) ?? [];
    if (processes.length === 0) return;
    const process = this.#world.machine(fault.machine).random.fork(`strike/${fault.atMs}`).pick(processes);
    if (fault.point === null) act(process);
    else
      process.strikeAt(fault.point, () => {
        if (this.#healed) return;
        this.#disturb(fault);
        act(process);
      });
  }

  #freeze(fault: Extract<Fault, { kind: 'freeze' }>): void {
    const machine = this.#world.machine(fault.machine);
    if (fault.point === null) return machine.freeze(fault.durationMs);
    for (const process of machine.processes)
      process.strikeAt(fault.point, () => {
        if (this.#healed) return;
        this.#disturb(fault);
        machine.freeze(fault.durationMs);
      });
  }

  #kill(process: SimProcess, fault: { machine: string; durationMs: number }): void {
    process.kill();
    this.#goesDown(fault.machine, fault.durationMs);
  }

  #replace(machine: string, durationMs: number): void {
    if (this.#victims.get(machine)?.leave?.() !== true) return;
    this.#world.trace.count('a member was replaced');
    this.#absent.add(machine);
    this.#goesDown(machine, durationMs);
  }

  #loseTail({ machine, agoMs, durationMs }: Extract<Fault, { kind: 'lost tail' }>): void {
    const victim = this.#victims.get(machine);
    if (victim?.keepDisk?.() !== true) return;
    this.#later(agoMs, () => {
      this.#world.machine(machine).losePower();
      if (victim.putDiskBack?.() === true) this.#world.trace.count('a disk lost what it had synced');
      this.#goesDown(machine, durationMs);
    });
  }

  #goesDown(machine: string, durationMs: number): void {
    this.#down.add(machine);
    this.#later(durationMs, () => this.#restart(machine));
  }

  #restart(machine: string): void {
    if (!this.#down.delete(machine)) return;
    if (this.#absent.delete(machine)) this.#victims.get(machine)?.join?.();
    this.#victims.get(machine)?.restart();
  }

  #sites(): string[] {
    return this.#world.machines.map((machine: Machine) => machine.name);
  }

  #isolate(machine: string, durationMs: number, except: string | null = null): void {
    const pairs = this.#sites()
      .filter((other) => other !== machine && other !== except)
      .flatMap((other): [string, string][] => [
        [machine, other],
        [other, machine],
      ]);
    this.#cut(pairs, durationMs);
  }

  #cut(pairs: readonly (readonly [string, string])[], durationMs: number): void {
    const { links } = this.#world.network;
    for (const [from, to] of pairs) links.cut(from, to);
    this.#later(durationMs, () => {
      for (const [from, to] of pairs) links.heal(from, to);
    });
  }

  #slow(from: string, to: string, meanMs: number, durationMs: number): void {
    const { links } = this.#world.network;
    links.slow(from, to, meanMs);
    this.#later(durationMs, () => links.slow(from, to, null));
  }

  #disk(machine: string, behaviour: CommitBehaviour, durationMs?: number): void {
    Object.assign(this.#world.machine(machine).databases.commits, behaviour);
    if (durationMs !== undefined) this.#later(durationMs, () => this.#disk(machine, well));
  }

  #reset(from: string, to: string, halfOpen: boolean): void {
    for (const connection of this.#world.network.connections)
      if (connection.joins(from, to)) connection.reset(halfOpen ? [false, true] : [true, true]);
  }
}
