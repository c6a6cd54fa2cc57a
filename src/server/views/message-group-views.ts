import type { MessageCounts } from '../../model/api.ts';
import { undefinedGroupsMax, type MessageGroup, type MessageGroupView } from '../../model/message-groups.ts';
import { fitsAny, type Scope } from '../../model/rights.ts';
import { severities } from '../../model/severity.ts';

const noneOpen = Object.fromEntries(severities.map((severity) => [severity, 0])) as MessageCounts['open'];

/**
 * Groups that are defined, as far as messages in them may be seen, and those that open messages name all the same; messages
 * without a group last.
 */
export function messageGroupViews(
  defined: readonly MessageGroup[],
  open: ReadonlyMap<string | null, MessageCounts['open']>,
  scope: Scope,
): MessageGroupView[] {
  const known = defined
    .filter(({ name }) => scope === null || scope.some(({ groups }) => fitsAny(groups, name)))
    .map((group) => ({
      name: group.name,
      ...groupInfo(group.name, group),
      open: open.get(group.name) ?? noneOpen,
    }));
  const names = new Set<string | null>(defined.map(({ name }) => name));
  const others = [...open]
    .filter(([name]) => !names.has(name))
    .slice(0, undefinedGroupsMax)
    .map(([name, counts]) => ({ name, ...groupInfo(name, null), open: counts }));
  return [...known, ...others].toSorted(byName);
}

/** Groups that nobody has to define. */
const own = new Map([
  ['watchkeeper', 'what the pool says of itself'],
  ['agent', 'what agents say of themselves'],
]);

/** For a message in it; null: nobody has defined it. */
export function groupInfo(
  name: string | null,
  group: MessageGroup | null,
): Omit<MessageGroupView, 'name' | 'open'> {
  const ownDescription = own.get(name ?? '') ?? null;
  const { description = ownDescription, contact = null } = group ?? {};
  return { isDefined: group !== null || ownDescription !== null, description, contact };
}

function byName({ name: a }: MessageGroupView, { name: b }: MessageGroupView): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : 1;
}
