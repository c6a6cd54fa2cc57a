import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startAgent, type Agent } from '../../agent/agent.ts';
import { agentConfigSchema } from '../../agent/config.ts';
import { noPolicies } from '../../agent/load-policies.ts';
import type { TestNode } from './test-agent.ts';
import type { TestServers } from './test-servers.ts';

/** A whole agent of that node, with its data in the folder. */
export async function runAgent(
  servers: TestServers,
  folder: string,
  node: TestNode,
  more: object = {},
): Promise<Agent> {
  return startAgent({
    runtime: servers.runtime,
    config: agentConfigSchema.parse({
      name: node.name,
      coreId: node.coreId,
      pool: servers.pool.id,
      servers: servers.running.map((server) => servers.urlOf(server)),
      data: join(folder, node.coreId),
      identity: { certificate: 'c', key: 'k', authorities: 'a' },
      ...more,
    }),
    credentials: await servers.pool.credentials(node.identity),
    policies: noPolicies,
    version: '0',
    onFatal: (error) => assert.fail(error),
  });
}

/** Adds a line to a file each time it runs, with its arguments. */
export async function countingProgram(
  folder: string,
  name: string,
): Promise<{ program: string; count: () => Promise<number> }> {
  const program = join(folder, `${name}.sh`);
  const log = join(folder, `${name}.log`);
  await writeFile(program, `#!/bin/sh\necho "$0 $*" >> ${log}\necho "out: $1"\necho "err" >&2\n`);
  await chmod(program, 0o755);
  const count = async () => {
    const text = await readFile(log, 'utf8').catch(() => '');
    return text.split('\n').length - 1;
  };
  return { program, count };
}
