import { WatchError } from '../../src/model/errors.ts';
import type { LocalConnection } from '../../src/runtime/network.ts';
import type { SimProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';

interface LocalListening {
  readonly process: SimProcess;
  readonly lineBytesMax: number;
  readonly onConnection: (connection: LocalConnection) => void;
}

const lineMs = 0.05;

/** Unix sockets: streams of lines between the processes of one machine. */
export class LocalSockets {
  readonly #scheduler: Scheduler;
  readonly #listening = new Map<string, LocalListening>();
  #last = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  listen(path: string, listening: LocalListening): { close(): Promise<void> } {
    const { process } = listening;
    const key = `${process.machine.name}:${path}`;
    if (this.#listening.has(key)) throw new WatchError('WK_PORT_IN_USE', `${path} is in use`);
    this.#listening.set(key, listening);
    const stop = (): void => {
      if (this.#listening.get(key) === listening) this.#listening.delete(key);
    };
    process.onDeath(stop);
    return {
      close: () => {
        stop();
        return process.later('local listener closed', 0, () => undefined);
      },
    };
  }

  connect(process: SimProcess, path: string): Promise<LocalConnection> {
    const listening = this.#listening.get(`${process.machine.name}:${path}`);
    return process.later('local connect', lineMs, () => {
      if (!listening?.process.alive) throw new WatchError('WK_UNREACHABLE', `${path}: nobody listens there`);
      this.#last += 1;
      const [near, far] = [new LocalEnd(), new LocalEnd()];
      near.join(far, process, this.#scheduler, `local ${this.#last} a`, Infinity);
      far.join(near, listening.process, this.#scheduler, `local ${this.#last} b`, listening.lineBytesMax);
      this.#scheduler.after(0, 'local accept', () => listening.onConnection(far), {
        owner: listening.process,
      });
      return near;
    });
  }
}

class LocalEnd implements LocalConnection {
  #onLine: ((line: string) => void) | null = null;
  #onClose: (() => void) | null = null;
  #toOther: (run: (other: LocalEnd) => void) => void = () => undefined;
  #lineBytesMax = Infinity;
  #closed = false;

  join(
    other: LocalEnd,
    process: SimProcess,
    scheduler: Scheduler,
    stream: string,
    lineBytesMax: number,
  ): void {
    this.#lineBytesMax = lineBytesMax;
    other.#toOther = (run) => {
      scheduler.after(lineMs, 'line', () => run(this), { owner: process, stream });
    };
    process.onDeath(() => this.close());
  }

  sendLine(line: string): void {
    if (!this.#closed) this.#toOther((other) => other.#receive(line));
  }

  #receive(line: string): void {
    if (this.#closed) return;
    if (Buffer.byteLength(line) > this.#lineBytesMax) this.close();
    else this.#onLine?.(line);
  }

  onLine(handler: (line: string) => void): void {
    this.#onLine = handler;
  }

  onClose(handler: () => void): void {
    this.#onClose = handler;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#toOther((other) => {
      if (other.#closed) return;
      other.#closed = true;
      other.#onClose?.();
    });
  }
}
