import type { MessageView } from '../../../src/model/api.ts';
import type { MessageState } from '../../../src/model/operation.ts';

/** How many that say the same as this one its row stands for, in the state that is shown. */
export function numberOf(message: MessageView, state: MessageState | 'all'): number {
  if (message.same === undefined) return 1;
  const { open, acknowledged } = message.same;
  return state === 'all' ? open + acknowledged : message.same[state];
}

export interface GroupedChanges {
  /** What the window is to make of the rows: messages as they are now, and those that no longer stand for theirs. */
  readonly changed: readonly MessageView[];
  readonly leaving: ReadonlySet<string>;
  /** Somebody else stands for a group now, and nothing here says who: it has to be asked for. */
  readonly isStale: boolean;
}

/**
 * What live changes come to where each row stands for all that say the same. A newer message takes the row's place; an
 * older one only brings the new number. A message without `same` comes from a server that has not counted yet; what it
 * says is in the page that is read once it has.
 */
export function groupedChanges(
  rows: readonly MessageView[],
  changed: readonly MessageView[],
  state: MessageState | 'all',
): GroupedChanges {
  const standing = new Map(rows.map((row) => [row.same?.key, row]));
  const shown = new Map<string, MessageView>();
  const leaving = new Set<string>();
  let isStale = false;
  for (const message of changed.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const { same } = message;
    if (same === undefined) continue;
    const row = shown.get(same.key) ?? standing.get(same.key);
    const isIn = state === 'all' || message.state === state;
    if (row === undefined || row.id === message.id) {
      // The one that stood there was acknowledged, say: the next newest takes its place, if there is one.
      if (!isIn && row !== undefined && numberOf(message, state) > 0) isStale = true;
      if (isIn || row !== undefined) shown.set(same.key, message);
    } else if (isIn && message.id > row.id) {
      leaving.add(row.id);
      shown.set(same.key, message);
    } else shown.set(same.key, { ...row, same });
  }
  return { changed: [...shown.values()], leaving, isStale };
}
