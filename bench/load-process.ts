/**
 * A load generator in a process of its own: speaks the link exactly as an agent does, with batches that were made
 * before the clock starts. For each run: a LoadRun as a line of JSON in, `ready` out, `go` in, a LoadResult out.
 */
import { createInterface } from 'node:readline';
import { batchLimits, encodeBatch } from '../src/agent/buffer/batch.ts';
import type { LinkConnection } from '../src/link/connection.ts';
import { dialLink } from '../src/link/dial-link.ts';
import { uuidV7 } from '../src/model/uuid.ts';
import { nodeClock, nodeTimers } from '../src/runtime/node/clock.ts';
import { silentLog } from '../src/runtime/node/log.ts';
import { nodeNetwork } from '../src/runtime/node/network.ts';
import { nodeFiles } from '../src/runtime/node/files.ts';
import { nodeRandom } from '../src/runtime/node/random.ts';
import { parseIdentityFile, type IdentityFile } from '../src/security/identity-file.ts';
import { benchMessage } from './bench-message.ts';
import { loadRunSchema, type LoadResult, type LoadRun } from './load-protocol.ts';

const runtime = {
  clock: nodeClock,
  timers: nodeTimers,
  network: nodeNetwork(silentLog),
};

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
  const run = loadRunSchema.parse(JSON.parse(line.value));
  const { identity, credentials } = await readAgentIdentity(run.data);
  const batches = makeBatches({ coreId: identity.coreId, name: run.name }, run);
  const { connection, welcome } = await dialLink(runtime, {
    connect: { url: run.url, credentials, pool: identity.pool, timeoutMs: 5_000, messageBytesMax: 2_097_152 },
    self: 'agent',
    hello: { name: run.name, version: 'bench' },
  });
  console.log('ready');
  await lines.next();
  const result = await send(connection, batches, welcome.windowBatches ?? 16);
  connection.close('the run is over');
  console.log(JSON.stringify(result));
}

/** As `agent join` left it: three PEM files. */
async function readAgentIdentity(data: string): Promise<IdentityFile> {
  const names = ['key.pem', 'certificate.pem', 'authorities.pem'];
  const pems = await Promise.all(names.map((name) => nodeFiles.readText(`${data}/${name}`)));
  return parseIdentityFile(pems.join('\n'), data);
}

interface Encoded {
  readonly count: number;
  readonly body: Uint8Array;
}

function makeBatches(node: { coreId: string; name: string }, { count, first }: LoadRun): Encoded[] {
  const batches: Encoded[] = [];
  for (let at = 0; at < count; at += batchLimits.countMax) {
    const size = Math.min(batchLimits.countMax, count - at);
    const messages = Array.from({ length: size }, (_, index) => {
      const createdMs = nodeClock.wallMs();
      const id = uuidV7(createdMs, nodeRandom.bytes(10));
      return JSON.stringify({ id, createdMs, ...benchMessage(first + at + index) });
    });
    batches.push({ count: size, body: encodeBatch(node, messages) });
  }
  return batches;
}

/** Sends everything, at most a window ahead of the answers, and resolves when the last answer is there. */
function send(connection: LinkConnection, batches: readonly Encoded[], window: number): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.timeOrigin + performance.now();
    const counts = new Map<number, number>();
    let next = 0;
    let stored = 0;
    let atRisk = 0;
    const pump = (): void => {
      for (; counts.size < window; next += 1) {
        const batch = batches[next];
        if (batch === undefined) break;
        if (connection.send({ type: 'batch', batch: next, count: batch.count }, batch.body) === 'full') {
          void connection.room().then(pump);
          return;
        }
        counts.set(next, batch.count);
      }
      if (counts.size === 0 && next >= batches.length)
        resolve({ startedMs, endedMs: performance.timeOrigin + performance.now(), stored, atRisk });
    };
    connection.onClose(({ because, text }) => reject(new Error(`the link closed: ${because}: ${text}`)));
    connection.onMessage((message) => {
      if (message.type === 'again') reject(new Error(`the server is too busy: ${message.text}`));
      if (message.type !== 'stored' || !counts.has(message.batch)) return;
      if (message.copies < message.wanted) atRisk += 1;
      stored += counts.get(message.batch) ?? 0;
      counts.delete(message.batch);
      pump();
    });
    pump();
  });
}
