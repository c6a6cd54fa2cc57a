import type { SessionKey } from '../../access/session-token.ts';
import { setupMs, setupTokenKey } from '../../access/setup-token.ts';
import type { Coordination } from '../../coordination/coordination.ts';
import {
  actingRole,
  keys,
  type Pool,
  type RoleDefinition,
  type ServerDefinition,
} from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import type { UserDefinition } from '../../model/users.ts';
import type { Clock } from '../../runtime/clock.ts';

interface Named {
  readonly coreId: string;
  readonly name: string;
}

/** Writes a new pool into an empty coordinator, in one transaction. WK_CONFLICT when there is a pool in it. */
export async function foundPool(
  coordination: Coordination,
  founding: {
    readonly pool: { readonly id: string; readonly name: string };
    readonly server: Named & { readonly url: string };
    readonly admin: Named;
    readonly authority: { readonly certificatePem: string };
    readonly lineage: string;
    /** With which the administrator sets a password, and what sessions are signed with. */
    readonly setupToken: string;
    readonly sessionKey: SessionKey;
  },
  clock: Clock,
): Promise<void> {
  const nowMs = clock.wallMs();
  const { pool, server, admin, authority, lineage, setupToken, sessionKey } = founding;
  const values: Record<string, object> = {
    [keys.pool]: {
      ...pool,
      createdMs: nowMs,
      authorities: [authority.certificatePem],
      lineage,
    } satisfies Pool,
    [keys.server(server.coreId)]: { ...server, joinedMs: nowMs } satisfies ServerDefinition,
    [keys.user(admin.coreId)]: {
      ...admin,
      createdMs: nowMs,
      roles: ['administrator'],
      disabled: false,
      generation: 0,
    } satisfies UserDefinition,
    [setupTokenKey(setupToken) ?? '']: {
      user: admin.coreId,
      createdMs: nowMs,
      expiresMs: nowMs + setupMs,
    },
    [keys.sessionKeys]: { keys: [sessionKey] },
    [keys.role(actingRole)]: {
      role: actingRole,
      order: [server.coreId],
      failback: 'manual',
      pinned: null,
      carrier: null,
    } satisfies RoleDefinition,
  };
  const result = await coordination.transact({
    conditions: [{ key: keys.pool, revision: 0 }],
    writes: Object.entries(values).map(([key, value]) => ({ key, value: JSON.stringify(value) })),
  });
  if (!result.done)
    throw new WatchError(
      'WK_CONFLICT',
      'the coordinator holds a pool already; name another one with --coordination',
    );
}
