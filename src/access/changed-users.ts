import type { AuditRecord } from '../model/audit.ts';
import type { UserDefinition } from '../model/users.ts';

/** Of whom an audit record says that they were changed so that what goes on as them has to end. */
export interface ChangedUsers {
  readonly coreIds: readonly string[];
  /** What they may do has changed, not only how they sign in. */
  readonly isWhole: boolean;
}

const signingIn = new Set(['user.password', 'user.setup', 'user.sign-out', 'user.enable']);
const rights = new Set(['user.disable', 'user.remove']);
const roles = new Set(['user-role.set', 'user-role.remove']);

/** Null for what ends nothing. */
export function changedUsers(
  { action, target, outcome, detail }: Pick<AuditRecord, 'action' | 'target' | 'outcome' | 'detail'>,
  users: readonly UserDefinition[],
): ChangedUsers | null {
  if (outcome !== 'allowed') return null;
  const of = (isIt: (user: UserDefinition) => boolean, isWhole: boolean): ChangedUsers => ({
    coreIds: users.filter(isIt).map(({ coreId }) => coreId),
    isWhole,
  });
  if (roles.has(action)) return of((user) => user.roles.includes(target), true);
  // Another name to be shown with changes nothing else.
  if (rights.has(action) || (action === 'user.change' && detail.includes('"roles"')))
    return of(({ name }) => name === target, true);
  return signingIn.has(action) ? of(({ name }) => name === target, false) : null;
}
