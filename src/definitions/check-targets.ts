import { findingText } from '../flexible-management/finding.ts';
import { unknownTargets } from '../flexible-management/find-system.ts';
import { parsePolicy } from '../flexible-management/parse-policy.ts';
import { placeText, type DefinitionPlace } from '../model/config.ts';
import { WatchError } from '../model/errors.ts';
import type { ManagerSystems } from '../model/policy.ts';
import { checkedPolicySchema } from '../policies/checked-policy.ts';
import type { Content } from './canonical.ts';

/**
 * Whether policies say nothing that only servers add, and name nobody whom the pool does not know. Their contents were
 * checked. Errors: WK_BAD_REQUEST, with line and column.
 */
export function checkTargets(
  changed: readonly (DefinitionPlace & { readonly content: Content | null })[],
  systems: ManagerSystems,
): void {
  for (const { content, ...place } of changed)
    if (place.kind === 'policy' && content !== null) checkPolicy(placeText(place), content, systems);
}

function checkPolicy(place: string, content: Content, systems: ManagerSystems): void {
  const policy = checkedPolicySchema.parse(content);
  if (policy.kind === 'primary-manager')
    throw new WatchError('WK_BAD_REQUEST', 'a primary manager is set with `watchkeeper node set-primary`');
  if (policy.kind === 'command' && policy.depot !== undefined)
    throw new WatchError('WK_BAD_REQUEST', `${place}: depot: is added by servers; leave it out`);
  if (policy.kind !== 'flexible-management' && policy.kind !== 'server-flexible-management') return;
  if ('systems' in policy)
    throw new WatchError('WK_BAD_REQUEST', `${place}: systems: is added by servers; leave it out`);
  const [unknown] = unknownTargets(parsePolicy(policy.text).policy, systems);
  if (unknown) throw new WatchError('WK_BAD_REQUEST', `${place}: ${findingText(unknown)}`);
}
