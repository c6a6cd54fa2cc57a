import { messageGroupsSchema, type MessageGroupView } from '../../model/message-groups.ts';
import type { PoolClient } from './pool-client.ts';

/** Those that are defined, and those that open messages name. */
export async function messageGroups(client: PoolClient): Promise<readonly MessageGroupView[]> {
  return (await client.ask({ path: '/api/v1/message-groups' }, messageGroupsSchema)).groups;
}
