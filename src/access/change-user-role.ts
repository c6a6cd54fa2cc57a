import type { Coordination } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import type { UserRoleBody } from '../model/users-api.ts';
import { builtInRoles, userDefinitionSchema, type UserRole } from '../model/users.ts';

/** Defines a user role, new or as it shall be from now on; rights change on every server within a moment. */
export async function setUserRole(
  coordination: Coordination,
  name: string,
  body: UserRoleBody,
): Promise<UserRole> {
  assertNotBuiltIn(name);
  const role = { name, ...body };
  const key = keys.userRole(name);
  await coordination.transact({ conditions: [], writes: [{ key, value: JSON.stringify(role) }] });
  return role;
}

/** Errors: WK_NOT_FOUND, WK_CONFLICT (a user has it). */
export async function removeUserRole(coordination: Coordination, name: string): Promise<void> {
  assertNotBuiltIn(name);
  const guard = await coordination.get(keys.userNames);
  const [item, { items }] = await Promise.all([
    coordination.get(keys.userRole(name)),
    coordination.list(keys.users),
  ]);
  if (item === null) throw new WatchError('WK_NOT_FOUND', `there is no user role ${name}`);
  const holder = items
    .map(({ value }) => userDefinitionSchema.parse(JSON.parse(value)))
    .find(({ roles }) => roles.includes(name));
  if (holder)
    throw new WatchError('WK_CONFLICT', `user ${holder.name} has the role ${name}; take it away first`);
  const { done } = await coordination.transact({
    conditions: [
      { key: item.key, revision: item.revision },
      { key: keys.userNames, revision: guard?.revision ?? 0 },
    ],
    writes: [{ key: item.key, value: null }],
  });
  if (!done) throw new WatchError('WK_CONFLICT', `the user role ${name} was changed meanwhile; try again`);
}

function assertNotBuiltIn(name: string): void {
  if (builtInRoles.some((role) => role.name === name))
    throw new WatchError('WK_CONFLICT', `${name} is built in and stays as it is; choose another name`);
}
