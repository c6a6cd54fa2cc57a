import { messagePageSchema, type MessageView } from '../../../src/model/api.ts';
import type { MessageState, OperationKind } from '../../../src/model/operation.ts';
import { ask } from '../api/api.ts';
import { mayOperate, type Me } from '../session/allowed.ts';
import { numberOf } from './grouped-changes.ts';
import { queryOf } from './view-filter.ts';

/** What is done to one group at once; what is beyond stays, and stands there with its number. */
const membersMax = 10_000;
const pageRows = 1_000;

/**
 * The messages that rows stand for, as far as the action would change them: who acknowledges a row means all of them. An
 * annotation is for the newest alone, where it is seen. Errors are those of `ask`.
 */
export async function membersOf(
  rows: readonly MessageView[],
  targets: readonly string[],
  what: { readonly kind: OperationKind; readonly state: MessageState | 'all'; readonly me: Me },
): Promise<readonly string[]> {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const all: string[] = [];
  for (const id of targets) {
    const row = byId.get(id);
    all.push(id);
    if (what.kind === 'annotate' || row?.same === undefined || numberOf(row, what.state) <= 1) continue;
    for (const member of await readSame(row.same.key, what.state))
      if (member.id !== id && mayOperate(what.me, what.kind, member) === true) all.push(member.id);
  }
  return all;
}

async function readSame(same: string, state: MessageState | 'all'): Promise<readonly MessageView[]> {
  const found: MessageView[] = [];
  const filter = { same, ...(state !== 'all' && { state }) };
  let cursor: string | null = null;
  do {
    const page: { limit: number; cursor?: string } = { limit: pageRows };
    if (cursor !== null) page.cursor = cursor;
    const { messages, next } = await ask(`/api/v1/messages?${queryOf(filter, page)}`, messagePageSchema);
    found.push(...messages);
    cursor = next;
  } while (cursor !== null && found.length < membersMax);
  return found;
}
