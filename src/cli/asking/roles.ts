import { spanText } from '../../model/duration.ts';
import { WatchError } from '../../model/errors.ts';
import {
  roleHistorySchema,
  roleViewSchema,
  type RoleChangeView,
  type RoleRequest,
  type RoleView,
} from '../../model/role-api.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';
import type { PoolClient } from './pool-client.ts';
import { safeText } from '../terminal/safe-text.ts';

const lookEveryMs = 50;

function rolePath(role: string): string {
  return `/api/v1/roles/${encodeURIComponent(role)}`;
}

export function askRole(client: PoolClient, role: string): Promise<RoleView> {
  return client.ask({ path: rolePath(role) }, roleViewSchema);
}

/** Doing it twice does no harm: what is so already is left as it is. */
export function changeRole(client: PoolClient, role: string, body: RoleRequest): Promise<RoleView> {
  return client.ask({ method: 'POST', path: rolePath(role), body }, roleViewSchema);
}

export async function roleHistory(
  client: PoolClient,
  role: string,
  limit: number,
): Promise<RoleChangeView[]> {
  const { changes } = await client.ask(
    { path: `${rolePath(role)}/history`, query: { limit } },
    roleHistorySchema,
  );
  return changes;
}

/**
 * Waits until `to` holds the role and has written down how it got it. Errors: WK_CONFLICT when somebody else took it
 * meanwhile, WK_TIMEOUT.
 */
export async function awaitHolder(
  { clock, timers }: Pick<Runtime, 'clock' | 'timers'>,
  client: PoolClient,
  { before, to, withinMs }: { readonly before: RoleView; readonly to: string; readonly withinMs: number },
): Promise<{ role: RoleView; change: RoleChangeView }> {
  const endMs = clock.monotonicMs() + withinMs;
  for (;;) {
    const role = await askRole(client, before.role);
    const isThere = role.holderName === to;
    const [change] = isThere ? await roleHistory(client, before.role, 1) : [];
    if (change !== undefined && change.epoch === role.epoch && role.epoch > before.epoch)
      return { role, change };
    if (role.epoch > before.epoch && role.holderName !== null && !isThere)
      throw new WatchError(
        'WK_CONFLICT',
        `role ${before.role} went to ${role.holderName} instead of ${to}: ${role.because}; ask again if it is still wanted`,
      );
    if (clock.monotonicMs() >= endMs)
      throw new WatchError(
        'WK_TIMEOUT',
        `role ${before.role} is not held by ${to} after ${spanText(withinMs)}; it stays asked for, see role show ${before.role}`,
      );
    await sleep(timers, lookEveryMs);
  }
}

/** `moved from m1 to m2: moved by an operator; nobody held it for 41 ms (epoch 4)` */
export function changeText(change: RoleChangeView): string {
  const { from, holder, because, unheldMs, epoch } = change;
  const to = safeText(change.holderName ?? holder);
  const path =
    from === null
      ? `held by ${to}`
      : from === holder
        ? `held by ${to} again`
        : `moved from ${safeText(change.fromName ?? from)} to ${to}`;
  const gap = unheldMs === null ? '' : `; nobody held it for ${spanText(unheldMs)}`;
  return `${path}: ${because ?? 'for a reason that was not written down'}${gap} (epoch ${epoch})`;
}
