import { AgentClient } from '../../src/agent/local/agent-client.ts';
import type { MessageDraft } from '../../src/model/message.ts';
import { silentLog } from '../../src/runtime/node/log.ts';
import { nodeNetwork } from '../../src/runtime/node/network.ts';
import type { RealAgent } from '../pool/real-pool.ts';

/** Reports messages through an agent, as a program on its node would; resolves with their IDs when it has them all. */
export async function report(agent: RealAgent, drafts: readonly MessageDraft[]): Promise<string[]> {
  const client = await AgentClient.connect(nodeNetwork(silentLog), agent.data);
  try {
    const ids: string[] = [];
    for (let at = 0; at < drafts.length; at += 500)
      ids.push(...(await Promise.all(drafts.slice(at, at + 500).map((draft) => client.send(draft)))));
    return ids;
  } finally {
    client.close();
  }
}
