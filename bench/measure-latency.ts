import { setTimeout as sleep } from 'node:timers/promises';
import { AgentClient } from '../src/agent/local/agent-client.ts';
import { PoolClient } from '../src/cli/asking/pool-client.ts';
import { nodeClock, nodeTimers } from '../src/runtime/node/clock.ts';
import { nodeFiles } from '../src/runtime/node/files.ts';
import { silentLog } from '../src/runtime/node/log.ts';
import { nodeNetwork } from '../src/runtime/node/network.ts';
import { nodeRandom } from '../src/runtime/node/random.ts';
import { readIdentityFile } from '../src/security/identity-file.ts';
import type { RealAgent } from '../test/pool/real-pool.ts';

const network = nodeNetwork(silentLog);
const tickMs = 5;

export interface LatencyOptions {
  readonly agent: RealAgent;
  /** Another server than the one that the agent is connected to. */
  readonly url: string;
  readonly identity: string;
  readonly perSecond: number;
  readonly seconds: number;
}

/**
 * Milliseconds from the moment the agent has a message on its disk to the moment another server tells it to whoever
 * follows its live events. Sender and follower are this process, so both times are of one clock.
 */
export async function measureLatency(options: LatencyOptions): Promise<number[]> {
  const stop = new AbortController();
  const seenMs = new Map<string, number>();
  const following = follow(options, stop.signal, seenMs);
  await sleep(1_000);
  const acceptedMs = await sendAll(options);
  await sleep(2_000);
  stop.abort();
  await following;
  const times = [...acceptedMs].flatMap(([id, ms]) => {
    const seen = seenMs.get(id);
    return seen === undefined ? [] : [Math.max(0, seen - ms)];
  });
  if (times.length < acceptedMs.size)
    throw new Error(`${acceptedMs.size - times.length} of ${acceptedMs.size} messages were not seen`);
  return times;
}

async function follow(
  { url, identity }: LatencyOptions,
  signal: AbortSignal,
  seenMs: Map<string, number>,
): Promise<void> {
  const { credentials } = await readIdentityFile(nodeFiles, identity);
  const client = new PoolClient(
    { network, clock: nodeClock, timers: nodeTimers, random: nodeRandom },
    { servers: [url], trust: credentials, credentials, token: null, timeoutMs: 5_000 },
    null,
  );
  for await (const event of client.follow(signal, () => undefined))
    if (event.type === 'messages')
      for (const { id } of event.messages) if (!seenMs.has(id)) seenMs.set(id, performance.now());
}

async function sendAll({ agent, perSecond, seconds }: LatencyOptions): Promise<Map<string, number>> {
  const client = await AgentClient.connect(network, agent.data);
  const acceptedMs = new Map<string, number>();
  const underWay: Promise<void>[] = [];
  const startedMs = performance.now();
  const total = perSecond * seconds;
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, ((performance.now() - startedMs) * perSecond) / 1_000);
    for (; sent < due; sent += 1)
      underWay.push(
        client
          .send({ severity: 'normal', text: `latency ${sent}`, application: 'bench' })
          .then((id) => void acceptedMs.set(id, performance.now())),
      );
    await sleep(tickMs);
  }
  await Promise.all(underWay);
  client.close();
  return acceptedMs;
}
