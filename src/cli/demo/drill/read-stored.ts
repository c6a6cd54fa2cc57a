import { messagePageSchema } from '../../../model/api.ts';
import type { Runtime } from '../../../runtime/runtime.ts';
import { PoolClient } from '../../asking/pool-client.ts';
import { demoTarget } from '../pool-watch.ts';
import type { DemoPool } from '../demo-pool.ts';
import type { Stored } from './compare.ts';

/** All messages of a group, from each server by itself. */
export function readStored(runtime: Runtime, pool: DemoPool, group: string): Promise<Stored[]> {
  return Promise.all(
    pool.servers.map(async ({ name, url }) => {
      const client = new PoolClient(runtime, await demoTarget(runtime, pool, [url]), 'demo');
      return { server: name, messages: await readAll(client, group) };
    }),
  );
}

async function readAll(client: PoolClient, group: string): Promise<{ id: string; text: string }[]> {
  const messages: { id: string; text: string }[] = [];
  let cursor: string | undefined;
  for (;;) {
    const query = { group, order: 'oldest', limit: 1_000, cursor };
    const page = await client.ask({ path: '/api/v1/messages', query }, messagePageSchema);
    for (const { id, text } of page.messages) messages.push({ id, text });
    if (page.next === null) return messages;
    cursor = page.next;
  }
}
