import { MachineClock, processClock, processTimers } from './clock.ts';
import { processCommands } from './commands.ts';
import { DatabaseShelf } from './databases.ts';
import { Disk } from './disk.ts';
import { processFiles } from './files.ts';
import { Kernel } from './kernel.ts';
import { processLog } from './log.ts';
import { processNetwork } from './process-network.ts';
import { SimProcess, type Program } from './process.ts';
import type { ProgramRun } from './programs.ts';
import type { SeededRandom } from './random.ts';
import type { World } from './world.ts';

/** A computer: one clock, one disk, the processes on it. */
export class Machine {
  readonly name: string;
  readonly world: World;
  readonly clock: MachineClock;
  readonly disk: Disk;
  readonly databases: DatabaseShelf;
  readonly random: SeededRandom;
  readonly kernel: Kernel;
  /** Programs of the system that run now. */
  readonly programs = new Set<ProgramRun>();
  /** What `startSelf(args)` runs here; scenarios set it. */
  programFor: (args: readonly string[]) => Program = (args) => {
    throw new RangeError(`no program for ${args.join(' ')}`);
  };
  bootId: string;
  readonly #processes = new Set<SimProcess>();
  #pidLast = 100;
  #boots = 1;

  constructor(world: World, name: string, root: string) {
    this.world = world;
    this.name = name;
    this.random = world.random.fork(`machine/${name}`);
    this.clock = new MachineClock({
      rate: this.random.between(1 - world.options.driftMax, 1 + world.options.driftMax),
      wallOffsetMs: this.random.between(-world.options.wallOffsetMsMax, world.options.wallOffsetMsMax),
      bootedMs: this.random.between(1e5, 1e8),
    });
    this.disk = new Disk(root, () => this.clock.wallMs(world.scheduler.nowMs));
    this.databases = new DatabaseShelf(this.disk, world.trace);
    this.kernel = new Kernel(() => world.scheduler.nowMs, this.random.fork('kernel'));
    this.bootId = `${name}-1`;
  }

  /** The living ones. */
  get processes(): readonly SimProcess[] {
    return [...this.#processes];
  }

  start(
    name: string,
    program: Program,
    options: { args?: readonly string[]; parent?: SimProcess; site?: string } = {},
  ): SimProcess {
    this.#pidLast += 1;
    const process = new SimProcess({
      name: `${this.name}/${name}#${this.#pidLast}`,
      pid: this.#pidLast,
      machine: this,
      site: options.site ?? options.parent?.site ?? this.name,
      args: options.args ?? [],
      random: this.random.fork(`process/${this.#pidLast}`),
      makeRuntime: (self) => this.#runtimeFor(self, options.parent ?? null),
    });
    this.#processes.add(process);
    process.onDeath(() => this.#processes.delete(process));
    this.#boot(process, program);
    return process;
  }

  #boot(process: SimProcess, program: Program): void {
    const run = async (): Promise<void> => {
      try {
        await program(process);
      } catch (error) {
        process.crashed(error);
      }
    };
    this.world.trace.line(`${process.name} starts`);
    this.world.scheduler.after(0.1, 'start', () => void run(), { owner: process });
  }

  #runtimeFor(process: SimProcess, parent: SimProcess | null): SimProcess['runtime'] {
    return {
      clock: processClock(process, this.clock),
      timers: processTimers(process, this.clock, this.world.scheduler),
      random: process.random.fork('runtime'),
      files: processFiles(process, this.disk),
      databases: this.databases.portFor(process),
      network: processNetwork(process, this.world.network),
      commands: processCommands(process, parent),
      log: processLog(process),
    };
  }

  /** Everything stands still, and goes on after `durationMs`; the kernel does not. */
  freeze(durationMs: number): void {
    for (const process of this.processes) process.pause(durationMs);
    const untilMs = this.world.scheduler.nowMs + durationMs;
    for (const run of this.programs) run.frozenUntilMs = Math.max(run.frozenUntilMs, untilMs);
  }

  /** Without power: the disk has lost what was written since it was kept (`disk.keep`), synced or not. */
  putDiskBack(): void {
    this.world.trace.line(`${this.name} has lost what its disk was told last`);
    this.disk.putBack();
    this.databases.putBack();
  }

  /** The plug is pulled: everything dies, peers hear nothing, what was not fsynced may be gone. */
  losePower(): void {
    this.world.trace.line(`${this.name} loses power`);
    for (const process of this.processes) process.kill('power');
    for (const run of this.programs) run.alive = false;
    this.programs.clear();
    this.kernel.losePower();
    this.disk.losePower(this.random);
    this.databases.tearLogs(this.random);
    this.#boots += 1;
    this.bootId = `${this.name}-${this.#boots}`;
  }
}
