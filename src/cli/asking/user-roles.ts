import { WatchError } from '../../model/errors.ts';
import { userRolesSchema, type UserRoleView } from '../../model/users-api.ts';
import type { PoolClient } from './pool-client.ts';

export async function userRoles(client: PoolClient): Promise<UserRoleView[]> {
  return (await client.ask({ path: '/api/v1/user-roles' }, userRolesSchema)).userRoles;
}

export function userRolePath(name: string): string {
  return `/api/v1/user-roles/${encodeURIComponent(name)}`;
}

export async function userRoleNamed(client: PoolClient, name: string): Promise<UserRoleView> {
  const all = await userRoles(client);
  const found = all.find((role) => role.name === name);
  if (found) return found;
  throw new WatchError(
    'WK_NOT_FOUND',
    `there is no user role ${name}; there are: ${all.map((role) => role.name).join(', ')}`,
  );
}
