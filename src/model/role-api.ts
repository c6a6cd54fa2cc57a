import { z } from 'zod';
import { memberStates } from './api.ts';
import { nameSchema, roleReasons } from './definitions.ts';

/** What the HTTP API says of roles, and what it takes to change them; server, CLI and console share these schemas. */

const serverRefSchema = z.object({ coreId: z.string(), name: z.string() });

export const roleViewSchema = z
  .object({
    role: z.string(),
    /** Core ID of who holds it by a session that lives; null while nobody does. */
    holder: z.string().nullable(),
    holderName: z.string().nullable(),
    epoch: z.int(),
    sinceMs: z.int(),
    because: z.enum(roleReasons),
    /** Of a virtual interface: how its address follows the role, and where clients reach it, `HOST:PORT`. */
    carrier: z.string().nullable(),
    address: z.string().nullable(),
    failback: z.enum(['manual', 'automatic']),
    settleMs: z.int(),
    pinned: serverRefSchema.nullable(),
    /** Where an operator's move that has not happened yet is to bring it. */
    movingTo: serverRefSchema.nullable(),
    /** Every server, the most wanted first; `place` counts from 1 and is null for one that the order does not name. */
    servers: z.array(
      serverRefSchema.extend({
        place: z.int().nullable(),
        state: z.enum(memberStates),
        healthy: z.boolean(),
        because: z.string(),
        lastHeartbeatMs: z.int().nullable(),
      }),
    ),
  })
  .meta({ id: 'Role' });
export type RoleView = z.infer<typeof roleViewSchema>;

/** `epoch`: the holder's, as it was seen. Asking twice kills nobody twice: the epoch is another one then. */
export const drillRequestSchema = z.strictObject({ epoch: z.int().min(1) });
export type DrillRequest = z.infer<typeof drillRequestSchema>;

export const rolesSchema = z.object({ roles: z.array(roleViewSchema) }).meta({ id: 'Roles' });

export const roleChangeViewSchema = z
  .object({
    role: z.string(),
    epoch: z.int(),
    holder: z.string(),
    holderName: z.string().nullable(),
    /** When the new holder wrote it down; null for changes from before there was a history. */
    atMs: z.int().nullable(),
    because: z.enum(roleReasons).nullable(),
    /** Whether somebody wanted it. */
    planned: z.boolean().nullable(),
    from: z.string().nullable(),
    fromName: z.string().nullable(),
    fromEpoch: z.int().nullable(),
    /** How long nobody acted for the role, by the clocks of both servers; null where that is not known. */
    unheldMs: z.int().nullable(),
    /** What the new holder had of each journal at that moment. */
    positions: z.record(z.string(), z.int()),
  })
  .meta({ id: 'RoleChange' });
export type RoleChangeView = z.infer<typeof roleChangeViewSchema>;

export const roleHistoryQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  /** Only changes to lower epochs: the next page. */
  belowEpoch: z.coerce.number().int().min(1).optional(),
});
export const roleHistorySchema = z
  .object({ changes: z.array(roleChangeViewSchema) })
  .meta({ id: 'RoleHistory' });

export const virtualInterfacesSchema = z
  .object({
    /** The server that answers. */
    server: serverRefSchema,
    virtualInterfaces: z.array(
      z.object({
        name: z.string(),
        role: z.string(),
        address: z.string().nullable(),
        carrier: z.string().nullable(),
        holder: z.string().nullable(),
        holderName: z.string().nullable(),
        holderUrl: z.string().nullable(),
        epoch: z.int(),
        sinceMs: z.int(),
        because: z.enum(roleReasons),
        /** Connected through it now, whichever server one asks; of those whom the caller may see. */
        agents: z.int(),
        /**
         * Came through it to any server since that started; of the others by what they told some seconds ago. Null for who may
         * not see everything.
         */
        messages: z.int().nullable(),
      }),
    ),
  })
  .meta({ id: 'VirtualInterfaces' });
export type VirtualInterfaces = z.infer<typeof virtualInterfacesSchema>;
export type VirtualInterfaceView = VirtualInterfaces['virtualInterfaces'][number];

/** A server by its name or its core ID. */
const server = z.union([z.uuid(), nameSchema]);
export const settleMsMax = 86_400_000;

export const roleRequestSchema = z.discriminatedUnion('kind', [
  /** Once, now: it stays there until that server is lost, also with automatic failback. */
  z.strictObject({ kind: z.literal('move'), server }),
  /** From now on, whenever that server is alive and healthy. */
  z.strictObject({ kind: z.literal('pin'), server }),
  z.strictObject({ kind: z.literal('unpin') }),
  z.strictObject({ kind: z.literal('order'), servers: z.array(server).max(64) }),
  z.strictObject({
    kind: z.literal('failback'),
    failback: z.enum(['manual', 'automatic']),
    /** How long the preferred server must be alive and healthy before the role goes back. */
    settleMs: z.int().min(0).max(settleMsMax).optional(),
  }),
]);
export type RoleRequest = z.infer<typeof roleRequestSchema>;
