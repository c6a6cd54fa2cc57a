import type { z } from 'zod';
import {
  nodeGroupViewSchema,
  nodeGroupViewsSchema,
  type NodeGroupRequest,
  type NodeGroupView,
  type PolicyView,
} from '../../model/policy-api.ts';
import type { PoolClient, Question } from './pool-client.ts';

/** The place of a policy or a node group in the API. */
export function pathOf(kind: 'policies' | 'node-groups', name: string): string {
  return `/api/v1/${kind}/${encodeURIComponent(name)}`;
}

export async function nodeGroups(client: PoolClient): Promise<NodeGroupView[]> {
  return (await client.ask({ path: '/api/v1/node-groups' }, nodeGroupViewsSchema)).groups;
}

export function setNodeGroup(
  client: PoolClient,
  name: string,
  body: NodeGroupRequest,
): Promise<NodeGroupView> {
  return client.ask(
    { method: 'PUT', path: pathOf('node-groups', name), body, once: true },
    nodeGroupViewSchema,
  );
}

export function remove<Schema extends z.ZodType>(
  client: PoolClient,
  kind: 'policies' | 'node-groups',
  name: string,
  { schema, force }: { readonly schema: Schema; readonly force: boolean },
): Promise<z.output<Schema>> {
  const query = force ? { force: 'true' } : {};
  const question: Question = { method: 'DELETE', path: pathOf(kind, name), query, once: true };
  return client.ask(question, schema);
}

/** `3 current, 1 pending`; `no node` where there is none. */
export function countsText(counts: PolicyView['nodes']): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return parts.length === 0 ? 'no node' : parts.map(([state, count]) => `${count} ${state}`).join(', ');
}
