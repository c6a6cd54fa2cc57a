import { WatchError } from '../../model/errors.ts';
import { actionsIn } from '../../policies/policy-actions.ts';
import type { PolicySource } from '../../policies/policy-set.ts';
import type { Account } from '../../access/caller.ts';

/** What a policy has done about messages its author has done, on any node: WK_DENIED for who has no right to `act` everywhere. */
export function mayNameActions({ name, rights }: Account, source: PolicySource): void {
  if (rights.hasWhole('act') || actionsIn(source).length === 0) return;
  throw new WatchError(
    'WK_DENIED',
    `${name} has no right to act on every node, which a policy with an automaticAction or operatorAction needs`,
  );
}
