import type { Address } from '../../model/address.ts';
import type { ServerDefinition, Session } from '../../model/definitions.ts';
import type { MessageDraft } from '../../model/message.ts';
import { unheardAddresses } from '../../model/published-addresses.ts';

type Notice = MessageDraft & { readonly key: string };

/** What a server finds wrong with its own place in the pool, as messages that say what to do. */
export function ownNotices(own: ServerDefinition, session: Session | null, listen: Address): Notice[] {
  const notices: Notice[] = [];
  const unheard = unheardAddresses(listen, own);
  if (unheard.length > 0)
    notices.push({
      severity: 'warning',
      key: `not-listening:${own.coreId}:${unheard.join()}`,
      text: `Server ${own.name} publishes ${unheard.join(', ')} and listens at ${listen.host} only: change listen in its configuration, or what it publishes`,
    });
  const { cannotCarry = [], because = '' } = session ?? {};
  if (cannotCarry.length > 0)
    notices.push({
      severity: 'major',
      key: `cannot-carry:${own.coreId}:${cannotCarry.join()}`,
      text: `Server ${own.name} cannot carry ${cannotCarry.join(', ')} (${because}): until that is mended other servers must`,
    });
  return notices;
}
