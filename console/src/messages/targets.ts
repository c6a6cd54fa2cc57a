import type { MessageView } from '../../../src/model/api.ts';
import type { OperationKind } from '../../../src/model/operation.ts';
import { mayAsk, mayOperate, type Me } from '../session/allowed.ts';

/** What an action is about: the selected messages, or the one with the cursor where none is selected. */
export function chosenOf(selected: ReadonlySet<string>, cursorId: string | null): readonly string[] {
  if (selected.size > 0) return [...selected];
  return cursorId === null ? [] : [cursorId];
}

/** Those of them that the action would change; of a message that is not in view nobody knows, so it is asked for. */
export function targetsOf(
  kind: OperationKind,
  rows: readonly MessageView[],
  chosen: readonly string[],
  me: Me,
): readonly string[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return chosen.filter((id) => {
    const message = byId.get(id);
    return message === undefined || mayOperate(me, kind, message) === true;
  });
}

/** Null when the action would change something, else why it would not. */
export function refusalOf(
  kind: OperationKind,
  rows: readonly MessageView[],
  chosen: readonly string[],
  me: Me,
): string | null {
  const may = mayAsk(me, 'POST /api/v1/operations');
  if (may !== true) return may;
  const byId = new Map(rows.map((row) => [row.id, row]));
  let reason: string | null = null;
  for (const id of chosen) {
    const message = byId.get(id);
    const verdict = message === undefined ? true : mayOperate(me, kind, message);
    if (verdict === true) return null;
    reason ??= verdict;
  }
  return reason;
}
