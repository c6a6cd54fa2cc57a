import { AgentClient } from '../../../agent/local/agent-client.ts';
import type { Runtime } from '../../../runtime/runtime.ts';
import { sleep } from '../../../runtime/timing.ts';
import type { DemoAgent } from '../demo-pool.ts';

const tickMs = 20;
/** An agent that answers slowly is waited for, not flooded. */
const unansweredMax = 500;

/** What has been accepted so far: message ID to text. */
export type Accepted = Map<string, string>;

/**
 * Sends numbered messages of one group through one agent, at a steady rate, until `signal` aborts; then waits for
 * the answers. Adds what the agent accepted, that is, has on its disk, to `accepted`.
 */
export async function runLoad(
  { network, timers, clock }: Pick<Runtime, 'network' | 'timers' | 'clock'>,
  agent: DemoAgent,
  load: { readonly group: string; readonly perSecond: number; readonly accepted: Accepted },
  signal: AbortSignal,
): Promise<void> {
  const client = await AgentClient.connect(network, agent.dataPath);
  const underWay = new Set<Promise<void>>();
  const startedMs = clock.monotonicMs();
  let sent = 0;
  while (!signal.aborted) {
    const due = ((clock.monotonicMs() - startedMs) * load.perSecond) / 1_000;
    for (; sent < due && client.unanswered < unansweredMax; sent += 1) {
      const answered = sendOne(client, `${agent.name} message ${sent}`, load).finally(() =>
        underWay.delete(answered),
      );
      underWay.add(answered);
    }
    await sleep(timers, tickMs, signal);
  }
  await Promise.all(underWay);
  client.close();
}

async function sendOne(
  client: AgentClient,
  text: string,
  { group, accepted }: { readonly group: string; readonly accepted: Accepted },
): Promise<void> {
  const id = await client.send({ severity: 'normal', text, application: 'drill', group, source: 'drill' });
  accepted.set(id, text);
}
