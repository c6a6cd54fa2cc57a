import { WatchError } from '../../model/errors.ts';
import type { ConfigChange } from '../../model/config.ts';
import { depotNamesOf } from '../../policies/depot-reference.ts';
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

/**
 * What a tool runs, others run under their own rights, and as the user that it names: so who says what that is, in the tool or in
 * a file of the depot that it brings along, has to be somebody who may act on every node. WK_DENIED for anybody else.
 */
export function mayChangePrograms(
  { name, rights }: Account,
  changes: readonly Pick<ConfigChange, 'kind' | 'name' | 'content'>[],
  tools: () => readonly PolicySource[],
): void {
  if (rights.hasWhole('act')) return;
  const written = changes.filter(({ content }) => content !== null);
  const files = written.filter(({ kind }) => kind === 'depot-file').map((file) => file.name);
  const isTold =
    written.some(({ kind }) => kind === 'tool') ||
    (files.length > 0 && tools().some((tool) => depotNamesOf(tool).some((file) => files.includes(file))));
  if (isTold)
    throw new WatchError(
      'WK_DENIED',
      `${name} has no right to act on every node, which who says what a tool runs needs`,
    );
}
