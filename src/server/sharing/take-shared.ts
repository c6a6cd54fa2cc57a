import { encodeBody } from '../../journal/body.ts';
import type { Journal } from '../../journal/journal.ts';
import type { MessageStore } from '../../messages/message-store.ts';
import type { EntryBody } from '../../model/entry.ts';
import { WatchError } from '../../model/errors.ts';
import { matchesGlob } from '../../model/glob.ts';
import type { Operation } from '../../model/operation.ts';
import type { OtherPool } from '../../model/other-pools.ts';
import { hopsMax, type SharedItem, type SharedMessage } from '../../model/sharing.ts';
import type { Uuid } from '../../model/uuid.ts';

interface Ports {
  readonly journal: Pick<Journal, 'append' | 'positions' | 'origin'>;
  readonly messages: Pick<MessageStore, 'get' | 'sharing'>;
  readonly ownPool: Uuid;
  /** Whether a node of this pool has that name or core ID. */
  isOwnNode(name: string, coreId: Uuid): boolean;
}

export interface Taken {
  /** Of this server's own entries: who has that one has all of the batch that came to this server, now or before. */
  readonly seq: number;
  /** What this pool will never take, by its place in the batch, each with its reason. */
  readonly refused: readonly { readonly index: number; readonly text: string }[];
}

/**
 * What another pool sends: its messages, of the nodes that may send some here, and operations on messages that both have. What
 * is here already is confirmed and not stored again. Errors: WK_DENIED (it speaks for another pool), those of the journal.
 */
export async function takeShared(
  ports: Ports,
  from: Pick<OtherPool, 'id' | 'name' | 'accept'>,
  items: readonly SharedItem[],
): Promise<Taken> {
  const refused: { index: number; text: string }[] = [];
  const messages: SharedMessage[] = [];
  const operations: Operation[] = [];
  const coming = new Set<Uuid>();
  for (const [index, item] of items.entries()) {
    const text =
      item.kind === 'message' ? whyNoMessage(ports, from, item) : whyNoOperation(ports, from, item, coming);
    if (text !== null) refused.push({ index, text });
    else if (item.kind === 'message') {
      const { kind: _, ...message } = item;
      coming.add(message.message.id);
      if (ports.messages.get(message.message.id) === null) messages.push(message);
    } else if (!ports.messages.sharing.hasOperation(item.operation.message, item.operation.id))
      operations.push({ ...item.operation, pool: from.id });
  }
  const { journal } = ports;
  if (messages.length > 0) {
    const body: EntryBody<'shared'> = { pool: from.id, poolName: from.name, messages };
    await journal.append({ kind: 'shared', body: encodeBody('shared', body) }, body);
  }
  if (operations.length > 0) {
    const body = { operations };
    await journal.append({ kind: 'operations', body: encodeBody('operations', body) }, body);
  }
  return { seq: journal.positions()[journal.origin] ?? 0, refused };
}

function whyNoMessage(
  ports: Ports,
  { id, name, accept }: Pick<OtherPool, 'id' | 'name' | 'accept'>,
  { node, nodeName, path }: SharedMessage,
): string | null {
  if (path.at(-1) !== id) throw new WatchError('WK_DENIED', `pool ${name} speaks for another pool`);
  if (path.includes(ports.ownPool)) return 'it has been in this pool before';
  if (path.length >= hopsMax)
    return `it has gone through ${path.length} pools, and no message goes through more`;
  if (!accept.some((pattern) => matchesGlob(pattern, nodeName)))
    return `no messages of node ${nodeName} are taken here from pool ${name} (other-pool set --accept)`;
  if (ports.isOwnNode(nodeName, node))
    return `a node of this pool is called ${nodeName} too; messages from pool ${name} under that name are not taken`;
  return null;
}

function whyNoOperation(
  { messages }: Ports,
  { id, name }: Pick<OtherPool, 'id' | 'name'>,
  { operation: { message, kind } }: Extract<SharedItem, { kind: 'operation' }>,
  coming: ReadonlySet<Uuid>,
): string | null {
  if (coming.has(message) || messages.sharing.takesFrom(id, message, kind)) return null;
  return `pool ${name} does not control that message`;
}
