import { encodeBody } from '../../src/journal/body.ts';
import type { Message } from '../../src/model/message.ts';
import { severities } from '../../src/model/severity.ts';
import { uuidV7 } from '../../src/model/uuid.ts';
import type { Transport } from '../../src/runtime/network.ts';
import { sleep } from '../../src/runtime/timing.ts';
import type { Ledger } from '../checkers/ledger.ts';
import { simCredentials } from '../world/credentials.ts';
import type { Program, SimProcess } from '../world/process.ts';
import { decode, encode } from './codec.ts';

export interface ProducerOptions {
  readonly pool: string;
  readonly coreId: string;
  readonly name: string;
  readonly urls: readonly string[];
  readonly everyMs: number;
  readonly ledger: Ledger;
  readonly holders: (id: string) => number;
  /** Read before each batch. */
  readonly stopped: () => boolean;
}

interface Batch {
  readonly ids: readonly string[];
  readonly count: number;
  readonly body: Uint8Array;
  /** The server that said it has one copy. */
  onceAt: string | null;
}

const silenceMs = 4_000;
const windowBatches = 8;

/**
 * As simple an agent as can be: makes batches, sends them to one server after the other until it hears `stored`
 * with the copies that are wanted, and enters both in the ledger. It keeps all that in memory and is never killed.
 */
export function producer(options: ProducerOptions): Program {
  return async (process) => {
    const unanswered = new Set<Batch>();
    makeBatches(process, options, unanswered);
    for (let turn = process.random.int(9); ; turn += 1) {
      const url = options.urls[turn % options.urls.length] ?? '';
      await serve(process, options, url, unanswered);
      await sleep(process.runtime.timers, process.random.between(20, 400));
    }
  };
}

function makeBatches(process: SimProcess, options: ProducerOptions, unanswered: Set<Batch>): void {
  const { timers } = process.runtime;
  const tick = (): void => {
    if (!options.stopped()) unanswered.add(makeBatch(process, options));
    timers.after(process.random.around(options.everyMs), tick);
  };
  timers.after(process.random.around(options.everyMs), tick);
}

function makeBatch(process: SimProcess, options: ProducerOptions): Batch {
  const { clock, random } = process.runtime;
  const messages = Array.from({ length: 1 + process.random.int(6) }, (): Message => {
    const id = uuidV7(clock.wallMs(), random.bytes(10));
    const severity = process.random.pick(severities);
    return { id, createdMs: clock.wallMs(), severity, text: `${options.name} says ${id}` };
  });
  for (const { id, text } of messages) options.ledger.produced(id, text);
  const body = encodeBody('messages', { node: options.coreId, nodeName: options.name, messages });
  return { ids: messages.map(({ id }) => id), count: messages.length, body, onceAt: null };
}

/** One connection, until it ends or stays silent. */
async function serve(
  process: SimProcess,
  options: ProducerOptions,
  url: string,
  unanswered: Set<Batch>,
): Promise<void> {
  const credentials = simCredentials({ pool: options.pool, kind: 'agent', coreId: options.coreId });
  let transport: Transport;
  try {
    const { network } = process.runtime;
    transport = await network.connect({
      url,
      credentials,
      pool: options.pool,
      timeoutMs: 2_000,
      messageBytesMax: 1e7,
    });
  } catch {
    return; // The next server, then.
  }
  await new Promise<void>((resolve) => {
    transport.onClose(() => resolve());
    const moved = [...unanswered].some(({ onceAt }) => onceAt !== null && onceAt !== url);
    if (moved) process.machine.world.trace.count('batches with one copy went to another server');
    new Session(process, options, transport, unanswered, url).start();
  });
}

class Session {
  readonly #process: SimProcess;
  readonly #options: ProducerOptions;
  readonly #transport: Transport;
  readonly #unanswered: Set<Batch>;
  readonly #sent = new Map<number, Batch>();
  readonly #url: string;
  #batchLast = 0;
  #heardMs: number;
  #open = true;

  constructor(
    process: SimProcess,
    options: ProducerOptions,
    transport: Transport,
    unanswered: Set<Batch>,
    url: string,
  ) {
    this.#url = url;
    this.#process = process;
    this.#options = options;
    this.#transport = transport;
    this.#unanswered = unanswered;
    this.#heardMs = process.runtime.clock.monotonicMs();
  }

  start(): void {
    this.#transport.onMessage((bytes) => this.#hear(bytes));
    this.#tick();
  }

  #tick(): void {
    const { clock, timers } = this.#process.runtime;
    if (!this.#open) return;
    this.#fill();
    const silentMs = clock.monotonicMs() - this.#heardMs;
    if (this.#sent.size > 0 && silentMs > silenceMs) {
      this.#open = false;
      return this.#transport.terminate();
    }
    if (this.#sent.size === 0) this.#heardMs = clock.monotonicMs();
    timers.after(50, () => this.#tick());
  }

  #fill(): void {
    const underWay = new Set(this.#sent.values());
    for (const batch of this.#unanswered) {
      if (this.#sent.size >= windowBatches) return;
      if (underWay.has(batch)) continue;
      this.#batchLast += 1;
      this.#sent.set(this.#batchLast, batch);
      this.#transport.send(encode({ type: 'batch', batch: this.#batchLast, count: batch.count }, batch.body));
    }
  }

  #hear(bytes: Uint8Array): void {
    this.#heardMs = this.#process.runtime.clock.monotonicMs();
    const { message } = decode(bytes);
    if (message.type !== 'stored') return;
    const batch = this.#sent.get(message.batch);
    if (!batch) return;
    this.#options.ledger.acknowledged(batch.ids, message.copies, this.#options.holders);
    const { trace } = this.#process.machine.world;
    if (message.copies < message.wanted) {
      if (batch.onceAt === null) trace.count('one copy was said');
      batch.onceAt = this.#url;
      return;
    }
    if (batch.onceAt === this.#url) trace.count('the second copy came later');
    this.#sent.delete(message.batch);
    this.#unanswered.delete(batch);
  }
}
