import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeBody, encodeBody } from '../src/journal/body.ts';
import { Journal } from '../src/journal/journal.ts';
import { MessageStore } from '../src/messages/message-store.ts';
import { messagePageQuerySchema, type MessagePageQuery } from '../src/model/api.ts';
import type { EntryBody } from '../src/model/entry.ts';
import type { Message } from '../src/model/message.ts';
import { severities } from '../src/model/severity.ts';
import { uuidV4, uuidV7 } from '../src/model/uuid.ts';
import { nodeClock, nodeTimers } from '../src/runtime/node/clock.ts';
import { nodeDatabases } from '../src/runtime/node/database.ts';
import { nodeRandom } from '../src/runtime/node/random.ts';

export interface StoreFigures {
  /** Batches of 200, decoded, checked, stored with fsync; eight at a time as from eight agents. */
  readonly messagesPerSecond: number;
  readonly cpuMicrosecondsPerMessage: number;
  readonly messages: number;
  readonly bytesPerMessage: number;
  readonly rssMegabytes: number;
  /** Milliseconds, median of `queryRuns`. */
  readonly queriesMs: Readonly<Record<string, number>>;
  readonly startMs: number;
}

const batchMessages = 200;
const nodeCount = 100;
const queryRuns = 9;
const words =
  'disk filesystem usage above threshold on host service restarted connection refused by peer timeout while waiting for response backup job finished with warnings login failed user'.split(
    ' ',
  );
const groups = ['OS', 'Database', 'Network', 'Storage', 'Backup', 'Security', 'Web', 'Mail'];
const nodes = Array.from({ length: nodeCount }, () => uuidV4(nodeRandom.bytes(16)));

/** A small linear generator on its high bits: the same texts in every run, at no cost that would be measured. */
let seed = 42;
function random(below: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

function pick<T>(items: readonly T[]): T {
  const item = items[random(items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

function makeMessage(number: number, createdMs: number): Message {
  const rare = number % 100_000 === 77_777;
  return {
    id: uuidV7(createdMs, nodeRandom.bytes(10)),
    createdMs,
    severity: rare ? 'critical' : pick(severities),
    text: `${Array.from({ length: 9 }, () => pick(words)).join(' ')} ${random(1_000_000)}${rare ? ' quorum lost' : ''}`,
    application: pick(['apache', 'oracle', 'linux']),
    object: `/dev/sda${random(9)}`,
    group: rare ? 'Cluster' : pick(groups),
    key: `key-${random(5_000)}`,
    attributes: { region: 'eu', ticket: String(number) },
  };
}

function makeBatch(first: number, startMs: number): Uint8Array {
  const node = Math.floor(first / batchMessages) % nodeCount;
  const body: EntryBody<'messages'> = {
    node: nodes[node] ?? '',
    nodeName: `node-${node}`,
    messages: Array.from({ length: batchMessages }, (_, index) =>
      makeMessage(first + index, startMs + Math.floor((first + index) / 25)),
    ),
  };
  return encodeBody('messages', body);
}

function open(path: string): { store: MessageStore; journal: Journal; readonly close: () => void } {
  const database = nodeDatabases.open(path, {
    synchronous: 'full',
    busyMs: 1_000,
    cacheBytes: 32 * 1_048_576,
  });
  const store = MessageStore.open(database);
  const journal = Journal.open({
    database,
    applier: store,
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    coreId: uuidV4(nodeRandom.bytes(16)),
    onDamage: (damage) => {
      throw new Error(damage.text);
    },
    onFailure: (error) => {
      throw error;
    },
  });
  return {
    store,
    journal,
    close() {
      journal.close();
      database.close();
    },
  };
}

/** Eight batches wait at any time, as from eight agents. */
async function fill(journal: Journal, bodies: readonly Uint8Array[]): Promise<void> {
  let next = 0;
  const agent = async (): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++])
      await journal.append({ kind: 'messages', body }, decodeBody('messages', body));
  };
  await Promise.all(Array.from({ length: 8 }, agent));
}

const questions: Record<string, Partial<MessagePageQuery>> = {
  'no filter': {},
  'rare text': { text: 'quorum LOST' },
  'absent text': { text: 'no such thing anywhere' },
  'absent number': { text: '98765432' },
  'frequent text': { text: 'threshold' },
  'group + severity': { group: 'Cluster', severity: 'critical' },
  'frequent group + severity': { group: 'Database', severity: 'critical' },
  'absent group': { group: 'Nobody' },
  'key, open': { key: 'key-4711', state: 'open' },
  'node + text': { node: 'node-42', text: 'refused by peer' },
  'acknowledged (none)': { state: 'acknowledged' },
  'two letters, absent': { text: 'zq' },
};

function measureQueries(store: MessageStore): Record<string, number> {
  const figures: Record<string, number> = {};
  const median = (run: () => void): number => {
    const times = Array.from({ length: queryRuns }, () => {
      const startMs = nodeClock.monotonicMs();
      run();
      return nodeClock.monotonicMs() - startMs;
    }).sort((a, b) => a - b);
    return times[Math.floor(queryRuns / 2)] ?? 0;
  };
  for (const [name, filter] of Object.entries(questions))
    figures[name] = median(() => store.page(messagePageQuerySchema.parse(filter)));
  const last = store.page(messagePageQuerySchema.parse({ order: 'oldest', limit: 101 })).messages.at(-1);
  figures['last page'] = median(() => store.page(messagePageQuerySchema.parse({ cursor: last?.id })));
  figures['last page, group + severity'] = median(() =>
    store.page(messagePageQuerySchema.parse({ cursor: last?.id, group: 'Cluster', severity: 'critical' })),
  );
  return figures;
}

/** Fills a store with `messages` messages on a real disk and measures it. */
export async function benchStore(messages: number): Promise<StoreFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'wk-bench-store-'));
  const path = join(folder, 'server.db');
  try {
    const { store, journal, close } = open(path);
    const startMs = nodeClock.wallMs();
    let storingMs = 0;
    let cpuMicroseconds = 0;
    for (let first = 0; first < messages; first += 10_000) {
      const bodies = Array.from({ length: 50 }, (_, index) =>
        makeBatch(first + index * batchMessages, startMs),
      );
      const beganMs = nodeClock.monotonicMs();
      const cpu = process.cpuUsage();
      await fill(journal, bodies);
      storingMs += nodeClock.monotonicMs() - beganMs;
      const used = process.cpuUsage(cpu);
      cpuMicroseconds += used.user + used.system;
    }
    const queriesMs = measureQueries(store);
    const rssMegabytes = process.memoryUsage.rss() / 1_048_576;
    close();
    const bytesPerMessage = statSync(path).size / messages;
    const openedMs = nodeClock.monotonicMs();
    const again = open(path);
    again.journal.verify('quick');
    const openMs = nodeClock.monotonicMs() - openedMs;
    again.close();
    return {
      messagesPerSecond: messages / (storingMs / 1_000),
      cpuMicrosecondsPerMessage: cpuMicroseconds / messages,
      messages,
      bytesPerMessage,
      rssMegabytes,
      queriesMs,
      startMs: openMs,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function printStoreFigures(figures: StoreFigures): void {
  const line = (name: string, value: string): void => {
    process.stdout.write(`${name.padEnd(34)} ${value.padStart(12)}\n`);
  };
  line('messages stored', figures.messages.toLocaleString('en'));
  line('messages/s (fsync, batches of 200)', Math.round(figures.messagesPerSecond).toLocaleString('en'));
  line('CPU a message', `${figures.cpuMicrosecondsPerMessage.toFixed(1)} µs`);
  line('on disk a message', `${Math.round(figures.bytesPerMessage)} B`);
  line('resident memory', `${Math.round(figures.rssMegabytes)} MB`);
  line('opening it again', `${Math.round(figures.startMs)} ms`);
  for (const [name, ms] of Object.entries(figures.queriesMs)) line(`page: ${name}`, `${ms.toFixed(1)} ms`);
}

if (import.meta.main) printStoreFigures(await benchStore(Number(process.argv[2] ?? 1_000_000)));
