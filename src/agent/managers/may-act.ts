import { isSystemMeant } from '../../flexible-management/find-system.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { NodeManagers } from './node-policies.ts';

/**
 * Why a server may not run actions on this node; null when it may. Where no policy of flexible management is deployed every
 * server of the pool may; where one is, those that are listed, and nobody where the lists are empty.
 */
export function whyNotAct(
  { rules }: NodeManagers,
  server: { readonly coreId: Uuid; readonly name: string; readonly isPrimary: boolean },
): string | null {
  if (rules.length === 0) return null;
  const isListed = rules.some(({ policy, systems }) => {
    const known = systems.own.find(({ coreId }) => coreId === server.coreId);
    return policy.managers
      .flatMap(({ actionAllowed }) => actionAllowed)
      .some(({ system }) =>
        system.kind === 'primary' ? server.isPrimary : known !== undefined && isSystemMeant(system, known),
      );
  });
  if (isListed) return null;
  const names = rules.map(({ name }) => name).join(', ');
  return `${server.name} may not run actions on this node: it is not among the ACTIONALLOWMANAGERS of ${names}`;
}
