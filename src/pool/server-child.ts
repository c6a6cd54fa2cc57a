import { textOf } from '../model/errors.ts';
import type { Timer } from '../runtime/clock.ts';
import type { Child, ProcessId } from '../runtime/commands.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { serverMessageSchema, type KeeperMessage, type ServerMessage } from './grants.ts';

const backoffMs = { first: 100, most: 5_000 };
/** Having run for this long, a server that ends is restarted without waiting again. */
const stableMs = 10_000;

export interface ServerChildOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'commands' | 'log'>;
  readonly args: readonly string[];
  /** Runs before the process may do anything for the pool: its ID must outlive us. */
  readonly onSpawn: (process: ProcessId) => Promise<void>;
  readonly onStarted: (process: ProcessId) => void;
  readonly onMessage: (message: ServerMessage) => void;
  readonly onEnded: () => void;
}

/** The server process: started, talked to, and started again when it ends, until told to stop. */
export class ServerChild {
  readonly #options: ServerChildOptions;
  #child: Child | null = null;
  #timer: Timer | null = null;
  #stopping = false;
  #backoffMs = backoffMs.first;
  #ended: (() => void)[] = [];

  constructor(options: ServerChildOptions) {
    this.#options = options;
    this.#start();
  }

  send(message: KeeperMessage): void {
    this.#child?.send(message);
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** No more restarts; resolves when the process that runs now has ended, killed after `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.stopRestarting();
    if (this.#child === null) return;
    const ended = new Promise<void>((resolve) => this.#ended.push(resolve));
    const timer = this.#options.runtime.timers.after(withinMs, () => this.kill());
    await ended;
    timer.cancel();
  }

  stopRestarting(): void {
    this.#stopping = true;
    this.#timer?.cancel();
  }

  #start(): void {
    const { runtime, args } = this.#options;
    let child: Child;
    try {
      child = runtime.commands.startSelf(args);
    } catch (error) {
      runtime.log.error('the server process cannot be started', { because: textOf(error) });
      return this.#startLater();
    }
    this.#child = child;
    const startedMs = runtime.clock.monotonicMs();
    let announced = false;
    child.onExit((exitCode, signal) => {
      this.#child = null;
      runtime.log.warn('the server process has ended', { pid: child.id.pid, exitCode, signal });
      if (announced) this.#options.onEnded();
      if (runtime.clock.monotonicMs() - startedMs >= stableMs) this.#backoffMs = backoffMs.first;
      for (const resolve of this.#ended.splice(0)) resolve();
      this.#startLater();
    });
    child.onMessage((message) => this.#heard(message));
    void this.#announce(child).then((done) => (announced = done));
  }

  /** The messages that come before are kept back: the pipe is read only when a handler is there. */
  async #announce(child: Child): Promise<boolean> {
    const { runtime, onSpawn, onStarted } = this.#options;
    try {
      await onSpawn(child.id);
    } catch (error) {
      runtime.log.error('the server process is ended, since its ID cannot be stored', {
        because: textOf(error),
      });
      child.kill('SIGKILL');
      return false;
    }
    if (this.#child !== child) return false;
    runtime.log.info('the server process has started', { pid: child.id.pid });
    onStarted(child.id);
    return true;
  }

  #heard(message: unknown): void {
    const parsed = serverMessageSchema.safeParse(message);
    if (parsed.success) this.#options.onMessage(parsed.data);
    else
      this.#options.runtime.log.warn('the server process said something that is not in the protocol', {
        because: textOf(parsed.error),
      });
  }

  #startLater(): void {
    if (this.#stopping) return;
    this.#timer = this.#options.runtime.timers.after(this.#backoffMs, () => this.#start());
    this.#backoffMs = Math.min(2 * this.#backoffMs, backoffMs.most);
  }
}
