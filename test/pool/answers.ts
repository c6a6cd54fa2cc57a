import { z } from 'zod';
import type { ApiClient } from './api-client.ts';

/**
 * What tests read of the API's answers. Written here and not taken from src/model, so that a change of an answer that
 * scripts outside would notice is noticed here as well.
 */
const statusSchema = z.object({
  server: z.object({
    name: z.string(),
    stateHash: z.string(),
    positions: z.record(z.string(), z.number()),
    origin: z.string(),
  }),
  atRisk: z.object({ is: z.boolean(), because: z.string() }),
  members: z.array(
    z.object({
      coreId: z.string(),
      name: z.string(),
      state: z.string(),
      healthy: z.boolean(),
      because: z.string(),
    }),
  ),
  roles: z.array(
    z.object({
      role: z.string(),
      holder: z.string().nullable(),
      holderName: z.string().nullable(),
      epoch: z.number(),
      because: z.string(),
    }),
  ),
  messages: z.object({ total: z.number() }),
  coordinator: z.object({ doubt: z.string().nullable() }),
});
export type Status = z.infer<typeof statusSchema>;

const nodesSchema = z.object({
  nodes: z.array(z.object({ name: z.string(), coreId: z.string(), connectedTo: z.string().nullable() })),
});
export type Node = z.infer<typeof nodesSchema>['nodes'][number];

const pageSchema = z.object({
  messages: z.array(z.object({ id: z.string(), text: z.string(), key: z.string().optional() })),
  next: z.string().nullable(),
});
export type MessageLine = z.infer<typeof pageSchema>['messages'][number];

export async function poolStatus(api: ApiClient, timeoutMs = 5_000): Promise<Status> {
  return statusSchema.parse(await api.get('/api/v1/pool', timeoutMs));
}

/** Why a server does not trust what the coordinator says; null where it does. */
export async function poolDoubts(api: ApiClient): Promise<string | null> {
  return (await poolStatus(api)).coordinator.doubt;
}

export async function nodesOf(api: ApiClient): Promise<Node[]> {
  return nodesSchema.parse(await api.get('/api/v1/nodes')).nodes;
}

/** Every message that a server has, page by page, the oldest first. */
export async function allMessages(api: ApiClient): Promise<MessageLine[]> {
  const messages: MessageLine[] = [];
  let next: string | null = null;
  do {
    const cursor: string = next === null ? '' : `&cursor=${next}`;
    const page = pageSchema.parse(await api.get(`/api/v1/messages?order=oldest&limit=1000${cursor}`, 30_000));
    messages.push(...page.messages);
    next = page.next;
  } while (next !== null);
  return messages;
}
