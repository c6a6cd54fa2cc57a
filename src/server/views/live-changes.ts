import type { Journal } from '../../journal/journal.ts';
import type { MessageStore } from '../../messages/message-store.ts';
import type { Entry } from '../../model/entry.ts';
import type { Origin, Positions } from '../../model/origin.ts';
import type { Scope } from '../../model/rights.ts';
import { actionChanges } from '../actions/action-changes.ts';
import type { Changes } from '../http/view.ts';

const readBytesMax = 256 * 1_024;

/**
 * Messages and actions that changed after `since`, about `messagesMax` of them, and the place one has reached with them. Works for
 * a place told by any server of the pool; origins this server has not heard of keep the reader's place.
 */
export function changesSince(
  {
    journal,
    messages,
    scope,
    nowMs,
  }: { journal: Journal; messages: MessageStore; scope: Scope; nowMs: number },
  since: Positions,
  messagesMax: number,
): Changes | 'trimmed' {
  const reached: Record<Origin, number> = { ...since };
  const entries: Entry[] = [];
  let count = 0;
  for (const [origin, upTo] of Object.entries(journal.positions())) {
    if (count >= messagesMax) break;
    const after = since[origin] ?? 0;
    if (after >= upTo) continue;
    if (after + 1 < journal.firstKept(origin)) return 'trimmed';
    for (const entry of journal.read(origin, after, readBytesMax)) {
      if (count >= messagesMax) break;
      entries.push(entry);
      reached[origin] = entry.seq;
      // How many messages an entry is about is known only from inside; a kilobyte holds a few dozen.
      count += Math.ceil(entry.body.length / 64);
    }
  }
  return {
    messages: messages.changedBy(entries, scope),
    ...actionChanges(messages.actions, entries, scope, nowMs),
    positions: reached,
  };
}
