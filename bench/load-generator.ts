import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import path from 'node:path';
import { loadResultSchema, type LoadResult, type LoadRun } from './load-protocol.ts';

/** A load process (load-process.ts) and its answers, one line each. */
export class LoadGenerator {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor() {
    this.#child = spawn(process.execPath, [path.join(import.meta.dirname, 'load-process.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (this.#child.stdout === null) throw new Error('the load process has no output');
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Makes the messages and connects, which is not measured; resolves when it waits for `go`. */
  async prepare(run: LoadRun): Promise<void> {
    this.#child.stdin?.write(`${JSON.stringify(run)}\n`);
    const line = await this.#next();
    if (line !== 'ready') throw new Error(`the load process said ${line}`);
  }

  async go(): Promise<LoadResult> {
    this.#child.stdin?.write('go\n');
    return loadResultSchema.parse(JSON.parse(await this.#next()));
  }

  close(): void {
    this.#reader.close();
    this.#child.kill('SIGKILL');
  }

  async #next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the load process ended early');
    return value;
  }
}
