import { poolStatusSchema, type PoolStatus } from '../../model/api.ts';
import { codeOf, errorTable, WatchError } from '../../model/errors.ts';
import {
  roleViewSchema,
  type DrillRequest,
  type RoleChangeView,
  type RoleView,
} from '../../model/role-api.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';
import type { PoolClient } from './pool-client.ts';
import { roleHistory } from './roles.ts';

const lookEveryMs = 200;

interface Within extends Pick<Runtime, 'clock' | 'timers'> {
  /** By the monotonic clock. */
  readonly endMs: number;
}

/** Has the holder killed. Asking again kills nobody twice: with the next holder the epoch is another one. */
export async function drill(client: PoolClient, { role, epoch }: RoleView): Promise<void> {
  const body: DrillRequest = { epoch };
  const path = `/api/v1/roles/${encodeURIComponent(role)}/drill`;
  try {
    await client.ask({ method: 'POST', path, body }, roleViewSchema);
  } catch (error) {
    // It may have been done: who was asked may be who was killed. Whether it was is seen by what follows.
    if (!errorTable[codeOf(error)].retry) throw error;
  }
}

/** What the new holders wrote of these roles, once all of them have one. Errors: WK_TIMEOUT. */
export function awaitTakeovers(
  within: Within,
  client: PoolClient,
  lost: readonly RoleView[],
): Promise<readonly RoleChangeView[]> {
  const missing = `not all of ${lost.map(({ role }) => role).join(', ')} were taken`;
  return repeat(
    within,
    () => missing,
    async () => {
      const changes: RoleChangeView[] = [];
      for (const { role, epoch } of lost) {
        const change = (await roleHistory(client, role, 5)).findLast((one) => one.epoch > epoch);
        if (change === undefined) return null;
        changes.push(change);
      }
      return changes;
    },
  );
}

/** The pool once every server is there, well and has everything. Errors: WK_TIMEOUT, which says what is missing. */
export function awaitWhole(within: Within, client: PoolClient): Promise<PoolStatus> {
  let missing = 'the pool did not answer';
  return repeat(
    within,
    () => missing,
    async () => {
      const status = await client.ask({ path: '/api/v1/pool' }, poolStatusSchema);
      const late = status.members.find(
        ({ coreId, state, healthy, lagEntries }) =>
          state === 'offline' || !healthy || (coreId !== status.server.coreId && lagEntries !== 0),
      );
      missing = late === undefined ? `at risk: ${status.atRisk.because}` : `${late.name}: ${late.because}`;
      return late === undefined && !status.atRisk.is ? status : null;
    },
  );
}

/** Until it gives something; a question without an answer is asked again. */
async function repeat<T>(
  { clock, timers, endMs }: Within,
  missing: () => string,
  look: () => Promise<T | null>,
): Promise<T> {
  for (;;) {
    try {
      const found = await look();
      if (found !== null) return found;
    } catch (error) {
      if (!errorTable[codeOf(error)].retry) throw error;
    }
    if (clock.monotonicMs() >= endMs)
      throw new WatchError('WK_TIMEOUT', `the pool is not whole again: ${missing()}; see pool status`);
    await sleep(timers, lookEveryMs);
  }
}
