import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const everyMs = 5;
const connectMsMax = 200;

/** Knocks at an address every 5 ms, each time anew, and knows for how long nobody opened at most. */
export class SilenceProbe implements AsyncDisposable {
  readonly #port: number;
  readonly #loop: Promise<void>;
  #stopped = false;
  #lastMs: number | null = null;
  #longestMs = 0;
  #failedMs = 0;

  constructor(port: number) {
    this.#port = port;
    this.#loop = this.#run();
  }

  /** The longest silence since the last call; until now where somebody is still silent. */
  takeLongestMs(): number {
    const openMs = this.#lastMs === null ? 0 : performance.now() - this.#lastMs;
    const longestMs = Math.max(this.#longestMs, openMs);
    this.#longestMs = 0;
    return longestMs;
  }

  /** Whether the last knock that is known of was answered. */
  get answers(): boolean {
    return (this.#lastMs ?? 0) > this.#failedMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      void this.#knock();
      await sleep(everyMs);
    }
  }

  async #knock(): Promise<void> {
    const sentMs = performance.now();
    if (await opens(this.#port)) this.#opened(sentMs);
    else this.#failedMs = Math.max(this.#failedMs, sentMs);
  }

  #opened(sentMs: number): void {
    if (this.#lastMs !== null) this.#longestMs = Math.max(this.#longestMs, sentMs - this.#lastMs);
    this.#lastMs = Math.max(this.#lastMs ?? 0, sentMs);
  }
}

function opens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(connectMsMax, () => socket.destroy());
    socket.once('connect', () => {
      resolve(true);
      socket.resetAndDestroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
