import { Journal } from '../../src/journal/journal.ts';
import { trimJournal } from '../../src/journal/trim.ts';
import { WatchError } from '../../src/model/errors.ts';
import type { Positions } from '../../src/model/origin.ts';
import type { Transport } from '../../src/runtime/network.ts';
import { every, sleep } from '../../src/runtime/timing.ts';
import { Copies } from '../../src/server/health/copies.ts';
import { simCredentials } from '../world/credentials.ts';
import type { Program, SimProcess } from '../world/process.ts';
import { Violation } from '../world/violation.ts';
import type { Mutant } from '../mutants/mutant.ts';
import { receive } from './receiver.ts';
import { Sender } from './sender.ts';
import { serveAgent } from './serve-agent.ts';
import { MessageStore } from '../../src/messages/message-store.ts';
import type { Database } from '../../src/runtime/database.ts';

export interface PeerServer {
  readonly coreId: string;
  readonly host: string;
}

export interface LiveServer {
  readonly process: SimProcess;
  readonly journal: Journal;
  readonly store: MessageStore;
}

export interface JournalServerOptions {
  readonly pool: string;
  readonly self: PeerServer;
  readonly others: readonly PeerServer[];
  readonly mutant: Mutant;
  /** Entries that every server has and that are older are trimmed; null keeps all. */
  readonly keepMs: number | null;
  /** Called once it serves. */
  readonly onReady: (server: LiveServer) => void;
}

export const databasePath = '/data/server.db';
export const port = 7_300;
const messageBytesMax = 1e7;
const trimEveryMs = 1_000;

interface Parts {
  readonly journal: Journal;
  readonly copies: Copies;
  /** What the others told that they have. */
  readonly known: Map<string, Positions>;
}

/** A server's journal over the simulated network and disk, as small as it can be: no roles, no API. */
export function journalServer(options: JournalServerOptions): Program {
  return async (process) => {
    const { runtime } = process;
    const database = runtime.databases.open(databasePath, { synchronous: 'full', busyMs: 1_000 });
    const store = MessageStore.open(database);
    const journal = openJournal(process, database, store, options);
    const copies = new Copies({ ...runtime, listed: () => 1 + options.others.length });
    const credentials = simCredentials({ pool: options.pool, kind: 'server', coreId: options.self.coreId });
    await runtime.network.listen({
      host: options.self.host,
      port,
      credentials,
      pool: options.pool,
      messageBytesMax,
      onTransport: (transport) => {
        if (transport.peer.kind === 'server')
          receive(runtime, journal, transport, options.self.coreId, () => {
            process.machine.world.trace.count('an entry came through a third server');
          });
        else serveAgent({ journal, copies, acknowledges: options.mutant.acknowledges }, transport);
      },
    });
    const known = new Map<string, Positions>();
    for (const other of options.others) void forward(process, { journal, copies, known }, options, other);
    every(runtime.timers, trimEveryMs, () => trim(process, journal, known, options));
    options.onReady({ journal, process, store });
  };
}

function openJournal(
  process: SimProcess,
  database: Database,
  store: MessageStore,
  options: JournalServerOptions,
): Journal {
  const journal = Journal.open({
    database,
    applier: options.mutant.twistApplier(store, database),
    ...process.runtime,
    coreId: options.self.coreId,
    onDamage: (damage) => process.crashed(new Violation('no damage', JSON.stringify(damage))),
    onFailure: () => process.exit(1),
  });
  journal.verify('full');
  return journal;
}

function trim(
  { runtime }: SimProcess,
  journal: Journal,
  known: ReadonlyMap<string, Positions>,
  { keepMs, others, mutant }: JournalServerOptions,
): void {
  if (keepMs === null) return;
  const members = mutant.trimsFor === 'nobody' ? [] : others;
  const told = members.map(({ coreId }) => ({ positions: known.get(coreId) ?? null, absentMs: 0 }));
  const limits = { keepMs, keepForAbsentMs: 0, keepForAbsentBytes: 0 };
  try {
    trimJournal(journal, told, limits, runtime.clock.wallMs());
  } catch (error) {
    if (!(error instanceof WatchError)) throw error;
  }
}

/** Dials the other server for ever and sends it what it lacks. */
async function forward(
  process: SimProcess,
  parts: Parts,
  options: JournalServerOptions,
  other: PeerServer,
): Promise<void> {
  const { runtime } = process;
  const credentials = simCredentials({ pool: options.pool, kind: 'server', coreId: options.self.coreId });
  for (let connections = 0; ; connections += 1) {
    try {
      const url = `https://${other.host}:${port}`;
      const transport = await runtime.network.connect({
        url,
        credentials,
        pool: options.pool,
        timeoutMs: 2_000,
        messageBytesMax,
      });
      await send(process, parts, options.self.coreId, other, transport, (positions) =>
        options.mutant.twistStart(positions, connections),
      );
    } catch (error) {
      if (!(error instanceof WatchError)) throw error;
    }
    parts.copies.memberStored(other.coreId, null);
    await sleep(runtime.timers, process.random.between(50, 500));
  }
}

function send(
  { runtime }: SimProcess,
  { journal, copies, known }: Parts,
  own: string,
  other: PeerServer,
  transport: Transport,
  twistStart: (positions: Positions) => Positions,
): Promise<void> {
  return new Promise((resolve) => {
    const onStored = (positions: Positions): void => {
      known.set(other.coreId, positions);
      copies.memberStored(other.coreId, positions[journal.origin] ?? 0);
    };
    const sender = new Sender({ runtime, journal, own, transport, onStored, twistStart });
    transport.onClose(() => {
      sender.end();
      resolve();
    });
  });
}
