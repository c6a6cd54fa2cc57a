import type { Child } from '../../runtime/commands.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';
import { codeOf } from '../../model/errors.ts';
import type { DemoProcess } from './demo-view.ts';

const restartAfterMs = 300;
const restartAfterMsMax = 5_000;
/** A process that lived so long starts again from the short pause. */
const steadyMs = 10_000;
const stopGraceMs = 8_000;

interface Kept {
  readonly name: string;
  readonly kind: DemoProcess['kind'];
  readonly args: readonly string[];
  readonly outputPath: string;
  child: Child | null;
  startedMs: number;
  pauseMs: number;
  restarts: number;
}

/** Keeps the demo's processes running, as systemd would: one that ends, by whatever cause, is started again. */
export class DemoProcesses {
  readonly #runtime: Runtime;
  readonly #kept = new Map<string, Kept>();
  #stopping = false;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  start(name: string, kind: DemoProcess['kind'], args: readonly string[], outputPath: string): void {
    const kept: Kept = {
      name,
      kind,
      args,
      outputPath,
      child: null,
      startedMs: 0,
      pauseMs: restartAfterMs,
      restarts: 0,
    };
    this.#kept.set(name, kept);
    this.#run(kept);
  }

  get all(): DemoProcess[] {
    return [...this.#kept.values()].map(({ name, kind, child, restarts }) => ({
      name,
      kind,
      running: child !== null,
      restarts,
    }));
  }

  /** Ends one with SIGKILL; it is started again like any that ends. */
  kill(name: string): void {
    this.#kept.get(name)?.child?.kill('SIGKILL');
  }

  /** Ends all of them: asked first, made to after some seconds. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const { clock, timers, commands } = this.#runtime;
    const children = [...this.#kept.values()].flatMap(({ child }) => child ?? []);
    for (const child of children) child.kill('SIGTERM');
    const deadlineMs = clock.monotonicMs() + stopGraceMs;
    const left = (): Child[] => children.filter(({ id }) => commands.isRunning(id));
    while (left().length > 0 && clock.monotonicMs() < deadlineMs) await sleep(timers, 50);
    for (const child of left()) child.kill('SIGKILL');
  }

  #run(kept: Kept): void {
    const { commands, clock } = this.#runtime;
    kept.startedMs = clock.monotonicMs();
    try {
      kept.child = commands.startSelf(kept.args, { outputPath: kept.outputPath });
    } catch (error) {
      // Ended before it could be looked at; started again like any that ends.
      if (codeOf(error) !== 'WK_NOT_FOUND') throw error;
      this.#startAgain(kept);
      return;
    }
    kept.child.onExit(() => {
      kept.child = null;
      this.#startAgain(kept);
    });
  }

  #startAgain(kept: Kept): void {
    if (this.#stopping) return;
    const { clock, timers } = this.#runtime;
    const steady = clock.monotonicMs() - kept.startedMs >= steadyMs;
    kept.pauseMs = steady ? restartAfterMs : Math.min(kept.pauseMs * 2, restartAfterMsMax);
    kept.restarts += 1;
    timers.after(kept.pauseMs, () => {
      if (!this.#stopping) this.#run(kept);
    });
  }
}
