/** What can be done to a user; servers and the console go by this table. */
export const userActions = ['change', 'setup-link', 'sign-out', 'disable', 'enable', 'remove'] as const;
export type UserAction = (typeof userActions)[number];

/** What decides about it. */
export interface UserFacts {
  readonly name: string;
  readonly roles: readonly string[];
  readonly disabled: boolean;
}

/** Whether it would be done, else why not and what to do first. `all`: every user of the pool. */
export function userCan(action: UserAction, user: UserFacts, all: readonly UserFacts[]): true | string {
  const isLast = isLastAdministrator(user.name, all);
  if ((action === 'disable' || action === 'remove') && isLast) return lastAdministratorText(user.name);
  if (action === 'disable' && user.disabled) return `${user.name} is disabled already`;
  if (action === 'enable' && !user.disabled) return `${user.name} is enabled`;
  if (action === 'setup-link' && user.disabled) return `${user.name} is disabled; enable it first`;
  return true;
}

/** Somebody must be left who can give rights. */
export function isLastAdministrator(name: string, all: readonly UserFacts[]): boolean {
  const able = all.filter(isAdministrator);
  return able.length === 1 && able[0]?.name === name;
}

export function isAdministrator({ disabled, roles }: UserFacts): boolean {
  return !disabled && roles.includes('administrator');
}

export function lastAdministratorText(name: string): string {
  return `${name} is the last administrator; give another user the role administrator first`;
}
