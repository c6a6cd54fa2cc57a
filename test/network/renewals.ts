import { connect } from 'node:tls';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One connection to the virtual address that is kept open and asked something now and then, from where this program runs:
 * every renewal of gate and address happens under it. Tells how often it broke.
 */
export class OpenConnection {
  readonly #options: { host: string; port: number; pem: string };
  broken = 0;
  answers = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(options: { host: string; port: number; identityPath: string }) {
    const { host, port } = options;
    this.#options = { host, port, pem: readFileSync(options.identityPath, 'utf8') };
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      if (!(await this.#keep())) this.broken += 1;
    }
  }

  /** False when the connection ended before we ended it. */
  async #keep(): Promise<boolean> {
    const { host, port, pem } = this.#options;
    const socket = connect({
      host,
      port,
      key: pem,
      cert: pem,
      ca: pem,
      checkServerIdentity: () => undefined,
    });
    const state = { open: true };
    socket.on('error', () => (state.open = false));
    socket.on('close', () => (state.open = false));
    socket.on('data', () => (this.answers += 1));
    while (state.open && !this.#stopped) {
      socket.write(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      await sleep(50);
    }
    const lasted = state.open;
    socket.destroy();
    return lasted;
  }
}
