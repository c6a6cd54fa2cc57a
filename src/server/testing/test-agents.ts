import assert from 'node:assert/strict';
import { startAgent, type Agent } from '../../agent/agent.ts';
import { agentConfigSchema } from '../../agent/config.ts';
import { noPolicies } from '../../agent/load-policies.ts';
import { keys } from '../../model/definitions.ts';
import { nodeClock } from '../../runtime/node/clock.ts';
import { fingerprintOf } from '../../security/certificate-info.ts';
import type { TestNode } from './test-agent.ts';
import type { TestServers } from './test-servers.ts';

interface AgentOptions {
  /** What its wall clock says; the machine's when left out. */
  readonly wall?: { nowMs: number; readonly timeZone: string };
  /** More of its configuration. */
  readonly config?: object;
  readonly system?: string;
}

/** A whole agent of that node, which knows every server that runs. */
export async function runAgent(
  servers: TestServers,
  node: TestNode,
  data: string,
  { wall, config = {}, system }: AgentOptions = {},
): Promise<Agent> {
  const clock = wall && { ...nodeClock, wallMs: () => wall.nowMs, timeZone: () => wall.timeZone };
  return startAgent({
    runtime: { ...servers.runtime, ...(clock && { clock }) },
    config: agentConfigSchema.parse({
      name: node.name,
      coreId: node.coreId,
      pool: servers.pool.id,
      servers: servers.running.map((server) => servers.urlOf(server)),
      data,
      identity: { certificate: 'c', key: 'k', authorities: 'a' },
      ...config,
    }),
    credentials: await servers.pool.credentials(node.identity),
    policies: noPolicies,
    version: '0',
    ...(system !== undefined && { system }),
    onFatal: (error) => assert.fail(error),
  });
}

/** Makes one pool believe the authorities of another, as `trust import` does. */
export async function trust(servers: TestServers, other: TestServers, name: string): Promise<void> {
  const authority = (pool: TestServers['pool'], poolName: string) => ({
    certificatePem: pool.authority.certificatePem,
    pool: pool.id,
    name: poolName,
    addedMs: 0,
    by: 'test',
    sealedKey: null,
    sealedBy: null,
  });
  const own = fingerprintOf(servers.pool.authority.certificatePem);
  await servers.define(keys.trust, {
    authorities: [authority(servers.pool, 'test'), authority(other.pool, name)],
    signsServers: own,
    signsOthers: own,
  });
}
