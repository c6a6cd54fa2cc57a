import type { Caller } from '../../access/caller.ts';
import { WatchError } from '../../model/errors.ts';
import { isAllowed, routePermission } from '../../model/permissions.ts';
import type { Scope } from '../../model/rights.ts';

/**
 * Whether the caller may call the route at all, by the one table; a route without a row is refused to everybody.
 * Errors: WK_DENIED.
 */
export function authorize(route: string, caller: Caller): void {
  const row = routePermission(route);
  if (row === null) throw new WatchError('WK_DENIED', `${route} is not in the table of permissions`);
  if (row.who !== 'anyone' && !row.who.includes(caller.kind))
    throw new WatchError('WK_DENIED', `a ${caller.kind} may not call ${route}`);
  if (isAllowed(row, caller.rights)) return;
  const over = row.over === 'whole' ? ' over everything' : '';
  throw new WatchError('WK_DENIED', `${caller.name} has no right to ${row.right}${over}`);
}

/** The caller of a route that is not for anyone. */
export function known(caller: Caller | null): Caller {
  if (caller === null) throw new WatchError('WK_UNAUTHENTICATED');
  return caller;
}

/** What the caller may see. */
export function seenBy(caller: Caller | null): Scope {
  return known(caller).rights.scope('see');
}
