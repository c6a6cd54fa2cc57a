import { z } from 'zod';
import { agentDefaultsSchema } from './agent-profile.ts';
import { actionViewSchema, offeredActionSchema, outputPieceSchema } from './action-api.ts';
import { messageSchema } from './message.ts';
import { handlings, messageStates, operationKinds } from './operation.ts';
import { etcdMemberStates, roleReasons } from './definitions.ts';
import { severities } from './severity.ts';
import { messageSharingSchema, sharingStatusSchema } from './sharing.ts';

/** What the HTTP API takes and gives; server, CLI and console share these schemas. */

export const messageFilterSchema = z.object({
  /** At least this severity. */
  severity: z.enum(severities).optional(),
  /** Exactly one of these severities. */
  severities: z.array(z.enum(severities)).optional(),
  /** Name or core ID of the node. */
  node: z.string().max(256).optional(),
  group: z.string().max(256).optional(),
  /** Part of the text, letter case ignored. */
  text: z.string().min(1).max(256).optional(),
  state: z.enum(messageStates).optional(),
  key: z.string().max(256).optional(),
  /** Created at or after, milliseconds since 1970. */
  sinceMs: z.int().min(0).optional(),
  /** That say the same: `same.key` of one of them. */
  same: z
    .string()
    .regex(/^[0-9a-f]{13}$/)
    .optional(),
});
export type MessageFilter = z.infer<typeof messageFilterSchema>;

/** A page of messages, newest (or with `order: oldest`, oldest) first by creation; `cursor` is the last page's `next`. */
export const messagePageQuerySchema = messageFilterSchema.extend({
  order: z.enum(['newest', 'oldest']).default('newest'),
  limit: z.int().min(1).max(1_000).default(100),
  cursor: z.uuidv7().optional(),
  /** Of those that say the same, the newest only, in the state asked for. Not together with `text`. */
  grouped: z.boolean().optional(),
});
export type MessagePageQuery = z.infer<typeof messagePageQuerySchema>;

/** How many messages say the same, in words of their own: the sets are compared by `key`, equal on every server. */
export const messageSameSchema = z.object({
  key: z.string(),
  open: z.int().min(0),
  acknowledged: z.int().min(0),
});
export type MessageSame = z.infer<typeof messageSameSchema>;

/** Not strict: a client of this version reads what a later server adds to it. */
export const messageViewSchema = z
  .object({
    ...messageSchema.shape,
    node: z.uuid(),
    nodeName: z.string(),
    state: z.enum(messageStates),
    owner: z.string().nullable(),
    annotations: z.int().min(0),
    /** When the first server of the pool stored it. */
    receivedMs: z.int().min(0),
    acknowledgedMs: z.int().nullable(),
    acknowledgedBy: z.string().nullable(),
    /** On a server that was asked for grouped messages since it started. */
    same: messageSameSchema.optional(),
  })
  .meta({ id: 'Message' });
export type MessageView = z.infer<typeof messageViewSchema>;

export const operationViewSchema = z
  .object({
    id: z.string(),
    kind: z.enum(operationKinds),
    by: z.string(),
    atMs: z.int(),
    text: z.string().optional(),
    /** For what a role's holder decided: the role and its epoch; `void` when a later holder did not know of it. */
    decision: z
      .object({
        role: z.string(),
        epoch: z.int(),
        void: z.boolean(),
        /** What rules of service hours and outages made of the message. */
        handling: z.enum(handlings).optional(),
        /** Of a held one: when its service hours begin; null when that is not known. */
        untilMs: z.int().nullable().optional(),
      })
      .optional(),
  })
  .meta({ id: 'Operation' });
export type OperationView = z.infer<typeof operationViewSchema>;

/** Null: nobody has said it. */
export const messageGroupInfoSchema = z.object({
  /** False: nobody has defined it; the message was taken all the same. */
  isDefined: z.boolean(),
  description: z.string().nullable(),
  contact: z.string().nullable(),
});

export const messagePageSchema = z
  .object({ messages: z.array(messageViewSchema), next: z.string().nullable() })
  .meta({ id: 'MessagePage' });
export type MessagePage = z.infer<typeof messagePageSchema>;

export const messageDetailSchema = z
  .object({
    message: messageViewSchema,
    operations: z.array(operationViewSchema),
    /** What the pool says of its group; not there for a message without one. */
    messageGroup: messageGroupInfoSchema.optional(),
    /** Only of a message that another pool has too. */
    sharing: messageSharingSchema.optional(),
    /** What the policy that made it offers to the caller, where it offers anything. */
    offered: offeredActionSchema.optional(),
    /** What was run about it, the newest first, a hundred at most. */
    actions: z.array(actionViewSchema).optional(),
  })
  .meta({ id: 'MessageDetail' });
export type MessageDetail = z.infer<typeof messageDetailSchema>;

export const operationRequestSchema = z.strictObject({
  kind: z.enum(operationKinds),
  messages: z.array(messageSchema.shape.id).min(1).max(1_000),
  text: messageSchema.shape.text.optional(),
  /** Repeating a request with the same key does nothing twice: the operations' IDs are derived from it. */
  idempotencyKey: z.uuid().optional(),
});
export type OperationRequest = z.infer<typeof operationRequestSchema>;

export const operationAnswerSchema = z
  .object({
    results: z.array(z.object({ message: z.string(), done: z.boolean(), because: z.string().optional() })),
    /** On how many servers the operations are on disk. */
    copies: z.int(),
  })
  .meta({ id: 'OperationAnswer' });
export type OperationAnswer = z.infer<typeof operationAnswerSchema>;

export const messageCountsSchema = z
  .object({
    total: z.int(),
    open: z.record(z.enum(severities), z.int()),
    acknowledged: z.record(z.enum(severities), z.int()),
  })
  .meta({ id: 'MessageCounts' });
export type MessageCounts = z.infer<typeof messageCountsSchema>;

export const memberStates = ['active', 'passive', 'offline'] as const;

export const poolStatusSchema = z
  .object({
    pool: z.object({ id: z.string(), name: z.string() }),
    /** The server that answered, and what it knows by itself. */
    server: z.object({
      coreId: z.string(),
      name: z.string(),
      version: z.string(),
      origin: z.string(),
      positions: z.record(z.string(), z.int()),
      stateHash: z.string(),
    }),
    coordinator: z.object({
      reachable: z.boolean(),
      kind: z.string(),
      /** While it is away: whether every member leaves this server the roles that it holds. */
      confirmed: z.boolean().default(false),
      /** Why no role is taken until an operator confirms what it says (`pool confirm`); null when all is well. */
      doubt: z.string().nullable().default(null),
      /** No role is taken before a majority of the members was heard, or an operator confirms. */
      waiting: z.boolean().default(false),
      /** With the pool's own etcd: which servers and witnesses run a member of it, or could. */
      etcd: z
        .array(
          z.object({
            name: z.string(),
            kind: z.enum(['server', 'witness']),
            /** `HOST:PORT` */
            address: z.string(),
            /** Null until it has said anything to the answering server. */
            state: z.enum(etcdMemberStates).nullable(),
            /** Why no member can run there; null when one can. */
            because: z.string().nullable(),
            lastHeartbeatMs: z.int().nullable(),
          }),
        )
        .default([]),
    }),
    atRisk: z.object({ is: z.boolean(), because: z.string() }),
    members: z.array(
      z.object({
        coreId: z.string(),
        name: z.string(),
        url: z.string(),
        /** Where others and agents reach it. */
        addresses: z.array(z.string()),
        /** Configured: 1 is the primary, 2 the secondary … */
        rank: z.int(),
        /** Whether it is the acting server or stands by for it; null while it is offline. */
        duty: z.enum(['acting', 'standby']).nullable(),
        state: z.enum(memberStates),
        healthy: z.boolean(),
        because: z.string(),
        sinceMs: z.int().nullable(),
        lastHeartbeatMs: z.int().nullable(),
        version: z.string().nullable(),
        /** As the answering server sees it: entries that it knows of and this member lacks. Null while not connected. */
        lagEntries: z.int().nullable(),
        positions: z.record(z.string(), z.int()).nullable(),
      }),
    ),
    roles: z.array(
      z.object({
        role: z.string(),
        holder: z.string().nullable(),
        holderName: z.string().nullable(),
        epoch: z.int(),
        sinceMs: z.int(),
        because: z.enum(roleReasons),
        /** Where a virtual interface answers, `HOST:PORT`. */
        address: z.string().nullable(),
      }),
    ),
    messages: messageCountsSchema,
    /**
     * Policies for servers: whether the acting server follows any, and how many messages wait for their service hours (0, and no
     * `sharing`, for who may not see everything).
     */
    serverRules: z.object({ active: z.boolean(), held: z.int() }).default({ active: false, held: 0 }),
    /** With which other pools messages are shared, and how that goes. */
    sharing: z.array(sharingStatusSchema).default([]),
  })
  .meta({ id: 'PoolStatus' });
export type PoolStatus = z.infer<typeof poolStatusSchema>;

export const nodeViewSchema = z
  .object({
    coreId: z.string(),
    name: z.string(),
    /** Server that the agent is connected to, by name; null when to none. */
    connectedTo: z.string().nullable(),
    sinceMs: z.int().nullable(),
    lastHeardMs: z.int().nullable(),
    lastMessageMs: z.int().nullable(),
    version: z.string().nullable(),
    address: z.string().nullable(),
    /** Name of the virtual interface that it is connected through; null when by a server's own address. */
    via: z.string().nullable(),
  })
  .meta({ id: 'Node' });
export type NodeView = z.infer<typeof nodeViewSchema>;

/** One server-sent event of `/api/v1/events`; its ID is the place to resume from, on any server. */
export const liveEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('messages'), messages: z.array(messageViewSchema) }),
  /** Only where asked for (`?actions=true`): as they are now, and what they printed meanwhile. */
  z.object({
    type: z.literal('actions'),
    actions: z.array(actionViewSchema),
    output: z.array(outputPieceSchema),
  }),
  /** What happened since the place asked for is no longer in the journal: read everything anew. */
  z.object({ type: z.literal('reset') }),
]);
export type LiveEvent = z.infer<typeof liveEventSchema>;

export const joinRequestSchema = z.strictObject({
  token: z.string().min(1).max(512),
  kind: z.enum(['server', 'agent', 'witness']),
  name: z.string().min(1).max(63),
  coreId: z.uuid(),
  /** The public key (SPKI, PEM), and its private half's signature over this request (security/proof.ts), base64. */
  publicKeyPem: z.string().max(4_096),
  proof: z.string().max(1_024),
  /** Servers only. */
  url: z.string().max(1_024).optional(),
  /** Servers only: which run of which machine asks, since the embedded coordinator serves one machine. */
  bootId: z.string().max(64).optional(),
  /** Witnesses only: host names or addresses at which its etcd answers. */
  hosts: z.array(z.string().min(1).max(253)).min(1).max(4).optional(),
});
export type JoinRequest = z.infer<typeof joinRequestSchema>;

export const joinAnswerSchema = z.object({
  pool: z.object({ id: z.string(), name: z.string() }),
  certificatePem: z.string(),
  authorityPems: z.array(z.string()),
  /** Addresses of the pool, virtual interfaces first. */
  servers: z.array(z.string()),
  /** Servers only: the authority's key. Servers and witnesses: where the coordinator is. */
  authorityKeyPem: z.string().optional(),
  coordination: z.string().optional(),
  /** Agents only: the pool's defaults for their own configuration. */
  installation: agentDefaultsSchema.optional(),
});
export type JoinAnswer = z.infer<typeof joinAnswerSchema>;

/** The body of every answer that is not a success. */
export const errorAnswerSchema = z
  .object({ error: z.object({ code: z.string(), text: z.string(), retry: z.boolean() }) })
  .meta({ id: 'Error' });
