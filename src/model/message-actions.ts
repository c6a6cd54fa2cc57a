import type { MessageView } from './api.ts';
import type { OperationKind } from './operation.ts';

type Facts = Pick<MessageView, 'state' | 'owner' | 'acknowledgedBy'>;

/**
 * Whether doing that to a message would change anything, else why not, in words for people. A server takes it either way,
 * since what two people do at once are both facts; this is for whoever is about to do it.
 */
export function messageCan(action: OperationKind, message: Facts, me: string | null): true | string {
  return actions[action](message, me);
}

const actions: Readonly<Record<OperationKind, (message: Facts, me: string | null) => true | string>> = {
  acknowledge: ({ state, acknowledgedBy }) =>
    state === 'open' ||
    `it was acknowledged${acknowledgedBy === null ? '' : ` by ${acknowledgedBy}`} already`,
  unacknowledge: ({ state }) => state === 'acknowledged' || 'it is open',
  own: ({ owner }, me) => owner === null || owner !== me || 'you own it already',
  disown: ({ owner }) => owner !== null || 'nobody owns it',
  annotate: () => true,
};
