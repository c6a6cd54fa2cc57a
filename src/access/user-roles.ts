import { Rights, type IsInGroup } from '../model/rights.ts';
import { builtInRoles, type UserRole } from '../model/users.ts';

/** The rights of whoever has these user roles. A role that is not defined (any more) gives nothing. */
export function rightsOf(
  names: readonly string[],
  defined: (name: string) => UserRole | null,
  isInGroup?: IsInGroup,
): Rights {
  return new Rights(
    names.flatMap((name) => roleNamed(name, defined)?.permissions ?? []),
    isInGroup,
  );
}

/** A built-in role comes before one of the same name, so that nobody can change what `administrator` means. */
export function roleNamed(name: string, defined: (name: string) => UserRole | null): UserRole | null {
  return builtInRoles.find((role) => role.name === name) ?? defined(name);
}
