import type { Runtime } from '../../src/runtime/runtime.ts';
import type { Machine } from './machine.ts';
import type { SeededRandom } from './random.ts';
import type { Owner } from './scheduler.ts';

/** Thrown by every port of a process that has died, so that what still runs of it can have no effect. */
export class SimulatedDeath extends Error {
  override readonly name = 'SimulatedDeath';
}

export type Program = (process: SimProcess) => Promise<void> | void;

/** Where a process may be struck in the middle of what it does. */
export type StrikePoint = 'before commit' | 'after commit' | 'send' | 'program' | 'decision';

/**
 * One run of one program. States: running, frozen (alive, but until `frozenUntilMs` nothing reaches it), dead.
 * A frozen process's clock goes on; a dead one never wakes, its ports throw SimulatedDeath.
 */
export class SimProcess implements Owner {
  readonly name: string;
  readonly pid: number;
  readonly machine: Machine;
  readonly random: SeededRandom;
  /** The place in the network; processes of one machine may stand in different ones. */
  readonly site: string;
  readonly args: readonly string[];
  readonly runtime: Runtime;
  /** Set by the two ends of the pipe between a process and the one that started it. */
  fromParent: ((message: unknown) => void) | null = null;
  toParent: ((message: unknown) => void) | null = null;
  readonly #onDeath: ((signal: string | null, exitCode: number | null) => void)[] = [];
  #alive = true;
  #frozenUntilMs = 0;
  #streamsFrozenUntilMs = 0;
  #strike: { point: StrikePoint; run: () => void } | null = null;

  constructor(options: {
    name: string;
    pid: number;
    machine: Machine;
    site: string;
    args: readonly string[];
    random: SeededRandom;
    makeRuntime: (process: SimProcess) => Runtime;
  }) {
    this.name = options.name;
    this.pid = options.pid;
    this.machine = options.machine;
    this.site = options.site;
    this.args = options.args;
    this.random = options.random;
    this.runtime = options.makeRuntime(this);
  }

  get alive(): boolean {
    return this.#alive;
  }

  get frozenUntilMs(): number {
    return this.#frozenUntilMs;
  }

  get streamsFrozenUntilMs(): number {
    return this.#streamsFrozenUntilMs;
  }

  get frozen(): boolean {
    return this.#frozenUntilMs > this.machine.world.scheduler.nowMs;
  }

  /** Virtual time as this process lives it: ahead of the world's while it is stalled within one event. */
  localMs(): number {
    this.assertAlive();
    return Math.max(this.machine.world.scheduler.nowMs, this.#frozenUntilMs);
  }

  assertAlive(): void {
    if (!this.#alive) throw new SimulatedDeath(`${this.name} is dead`);
  }

  /** Nothing reaches it for `durationMs`; within a running event, what it does from here on happens that much later. */
  stall(durationMs: number): void {
    this.#frozenUntilMs = this.localMs() + durationMs;
    const streamsMs = this.#frozenUntilMs + this.random.unit() * 0.1;
    this.#streamsFrozenUntilMs = Math.max(this.#streamsFrozenUntilMs, streamsMs);
  }

  /** SIGSTOP now, SIGCONT after `durationMs`. */
  pause(durationMs: number): void {
    if (!this.#alive) return;
    this.machine.world.trace.line(`${this.name} pauses for ${Math.round(durationMs)} ms`);
    this.stall(durationMs);
  }

  /** Does `run` (a kill, a pause) when the process next passes `point`. */
  strikeAt(point: StrikePoint, run: () => void): void {
    this.#strike = { point, run };
  }

  pass(point: StrikePoint): void {
    if (this.#strike?.point !== point) return;
    const { run } = this.#strike;
    this.#strike = null;
    run();
    this.assertAlive();
  }

  /** It has looked whether it may decide, and decided: the strike comes while it stores that. */
  decides(): void {
    if (this.#strike?.point === 'decision') this.#strike = { ...this.#strike, point: 'before commit' };
  }

  onDeath(handler: (signal: string | null, exitCode: number | null) => void): void {
    this.#onDeath.push(handler);
  }

  kill(signal = 'SIGKILL'): void {
    this.#die(signal, null);
  }

  exit(exitCode: number): void {
    this.#die(null, exitCode);
  }

  #die(signal: string | null, exitCode: number | null): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.machine.world.trace.line(`${this.name} dies: ${signal ?? `exit ${exitCode}`}`);
    for (const handler of this.#onDeath.splice(0)) handler(signal, exitCode);
  }

  /** An error that nobody caught. What already died may say so. */
  crashed(error: unknown): void {
    if (!this.#alive || error instanceof SimulatedDeath) return;
    this.machine.world.reportCrash(this, error);
    this.#die(null, 1);
  }

  /** Resolves with what `act` gives after `delayMs`, never when this process has died by then. */
  later<T>(label: string, delayMs: number, act: () => T): Promise<T> {
    this.assertAlive();
    return new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          resolve(act());
        } catch (error) {
          reject(error);
        }
      };
      this.machine.world.scheduler.at(this.localMs() + delayMs, label, run, { owner: this });
    });
  }
}
