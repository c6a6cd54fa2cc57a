import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textOf } from '../../src/model/errors.ts';
import { rareStateIn } from '../checkers/sometimes.ts';
import type { Fault } from '../faults/fault.ts';
import { Machine } from './machine.ts';
import { SimNetwork } from './network.ts';
import type { SimProcess } from './process.ts';
import { SimulatedDeath } from './process.ts';
import { SeededRandom } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { Trace } from './trace.ts';
import { setTraps } from './trap.ts';
import { Violation } from './violation.ts';

export interface WorldOptions {
  /** Clock rates lie within 1 ± this. */
  readonly driftMax: number;
  readonly wallOffsetMsMax: number;
  /** Prints every trace line as it happens. */
  readonly verbose: boolean;
}

const defaults: WorldOptions = { driftMax: 0.005, wallOffsetMsMax: 2_000, verbose: false };

/** In memory where there is such a place: what a disk loses is simulated, so a real one would only cost time. */
function roomyFolder(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

/** Everything outside the code under test, from one seed. Dispose of it: it holds real files. */
export class World implements Disposable {
  readonly options: WorldOptions;
  readonly random: SeededRandom;
  readonly trace = new Trace();
  readonly scheduler: Scheduler;
  readonly network: SimNetwork;
  readonly #root: string;
  readonly #machines = new Map<string, Machine>();
  #violation: Violation | null = null;
  /** Traps stay from the first run on, since setting them costs more than a quiet second. */
  #liftTraps: (() => void) | null = null;
  /** What the faults of this run are, once they are scheduled. */
  plan: readonly Fault[] = [];
  faultsFired = 0;
  /** Errors with which a process may end without that being a bug. */
  mayCrash: (error: unknown) => boolean = () => false;

  constructor(seed: string | number, options: Partial<WorldOptions> = {}) {
    this.options = { ...defaults, ...options };
    this.random = new SeededRandom(String(seed));
    this.scheduler = new Scheduler(this.random.fork('scheduler'), this.trace);
    this.network = new SimNetwork(this.scheduler, this.random.fork('network'), this.trace);
    this.#root = mkdtempSync(join(roomyFolder(), 'watchkeeper-sim-'));
    mkdirSync(this.#root, { recursive: true });
  }

  machine(name: string): Machine {
    const known = this.#machines.get(name);
    if (known) return known;
    const machine = new Machine(this, name, join(this.#root, name));
    this.#machines.set(name, machine);
    return machine;
  }

  get machines(): readonly Machine[] {
    return [...this.#machines.values()];
  }

  say(process: SimProcess, text: string): void {
    const line = `${this.scheduler.nowMs.toFixed(1)} ${process.name} ${text.replaceAll(this.#root, '')}`;
    const rare = rareStateIn(text);
    if (rare !== null) this.trace.count(rare);
    this.trace.line(line);
    if (this.options.verbose) console.log(line);
  }

  reportCrash(process: SimProcess, error: unknown): void {
    this.say(process, `crashes: ${textOf(error)}`);
    if (this.mayCrash(error)) return;
    if (error instanceof Violation) return void (this.#violation ??= error);
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#violation ??= new Violation('no process crashes', `${process.name}: ${detail}`);
  }

  /** Runs until virtual `untilMs`. Throws a Violation when a process crashed, and whatever a checker throws. */
  async run(untilMs: number): Promise<void> {
    this.#liftTraps ??= setTraps((error) => this.#unhandled(error));
    await this.scheduler.run(untilMs, () => this.#violation !== null);
    if (this.#violation) throw this.#violation;
  }

  #unhandled(error: unknown): void {
    const owner = this.scheduler.current;
    if (error instanceof SimulatedDeath) return;
    if (owner) owner.crashed(error);
    else this.#violation ??= new Violation('no process crashes', `outside of any process: ${textOf(error)}`);
  }

  [Symbol.dispose](): void {
    this.#liftTraps?.();
    for (const machine of this.#machines.values())
      for (const process of machine.processes) process.kill('end');
    rmSync(this.#root, { recursive: true, force: true });
  }
}
