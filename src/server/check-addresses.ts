import type { Address } from '../model/address.ts';
import type { ServerDefinition } from '../model/definitions.ts';
import { unheardAddresses } from '../model/published-addresses.ts';
import type { OwnMessages } from './own-messages.ts';

/** Says so where this server is to publish an address at which it does not listen. */
export function checkAddresses(
  own: ServerDefinition,
  listen: Address,
  ownMessages: Pick<OwnMessages, 'report'>,
): void {
  const unheard = unheardAddresses(listen, own);
  if (unheard.length === 0) return;
  ownMessages.report({
    severity: 'warning',
    key: `not-listening:${own.coreId}:${unheard.join()}`,
    text: `Server ${own.name} publishes ${unheard.join(', ')} and listens at ${listen.host} only: change listen in its configuration, or what it publishes`,
  });
}
