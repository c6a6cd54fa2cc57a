import { z } from 'zod';
import { enrolledKinds } from './identity.ts';
import { isOrigin } from './origin.ts';

/**
 * What the coordinator holds, by key. Each value is the JSON of the schema named beside its key. Keys of things that
 * people name use the core ID, never the name, so that renaming moves nothing.
 */
export const keys = {
  /** poolSchema */
  pool: 'pool',
  /** serverDefinitionSchema */
  server: (coreId: string) => `servers/${coreId}`,
  servers: 'servers/',
  /** witnessDefinitionSchema */
  witness: (coreId: string) => `witnesses/${coreId}`,
  witnesses: 'witnesses/',
  /** nodeDefinitionSchema */
  node: (coreId: string) => `nodes/${coreId}`,
  nodes: 'nodes/',
  /** userDefinitionSchema (users.ts): a user's certificate counts only while its definition is here. */
  user: (coreId: string) => `users/${coreId}`,
  users: 'users/',
  /** Written by everything that names a user, so that two at once under one name cannot both succeed. */
  userNames: 'user-names',
  /** userRoleSchema (users.ts) */
  userRole: (name: string) => `user-roles/${name}`,
  userRoles: 'user-roles/',
  /** sessionKeysSchema (access/session-token.ts): what sessions are signed with. */
  sessionKeys: 'session-keys',
  /** endedSessionSchema (users.ts), until the session would have been over anyhow. */
  endedSession: (id: string) => `ended-sessions/${id}`,
  endedSessions: 'ended-sessions/',
  /** setupTokenSchema (users.ts), by the SHA-256 (hex) of the token. */
  setupToken: (sha256: string) => `tokens/setup/${sha256}`,
  setupTokens: 'tokens/setup/',
  /** roleDefinitionSchema: what is wanted of a role. */
  role: (role: string) => `roles/${role}`,
  roles: 'roles/',
  /** holderSchema: who has it. */
  holder: (role: string) => `holders/${role}`,
  holders: 'holders/',
  /** policyDefinitionSchema (policy-definitions.ts). Policies and groups are known by their names everywhere. */
  policy: (name: string) => `policies/${name}`,
  policies: 'policies/',
  /** toolDefinitionSchema (tool.ts) */
  tool: (name: string) => `tools/${name}`,
  tools: 'tools/',
  /** nodeGroupSchema (policy-definitions.ts) */
  nodeGroup: (name: string) => `node-groups/${name}`,
  nodeGroups: 'node-groups/',
  /** policyGroupSchema (node-definitions.ts) */
  policyGroup: (name: string) => `policy-groups/${name}`,
  policyGroups: 'policy-groups/',
  /** nodeAttributesSchema (node-definitions.ts), by the name of the node: it may be there before the node is. */
  nodeAttributes: (name: string) => `node-attributes/${name}`,
  allNodeAttributes: 'node-attributes/',
  /** externalNodeSchema (node-definitions.ts) */
  externalNode: (name: string) => `external-nodes/${name}`,
  externalNodes: 'external-nodes/',
  /** messageGroupSchema (message-groups.ts) */
  messageGroup: (name: string) => `message-groups/${name}`,
  messageGroups: 'message-groups/',
  /** statusVariableSchema (status-variables.ts) */
  statusVariable: (name: string) => `status-variables/${name}`,
  statusVariables: 'status-variables/',
  /** depotFileSchema (depot.ts): what is in the depot; the bytes lie on every server by their digest. */
  depotFile: (name: string) => `depot-files/${name}`,
  depotFiles: 'depot-files/',
  /** definitionChangeSchema (definition-change.ts): what was just changed, until every server has it in its history. */
  definitionChange: (id: string) => `changes/${id}`,
  definitionChanges: 'changes/',
  /** deploymentHoldSchema (policy-definitions.ts): while it is there, agents are sent no change by itself. */
  deploymentHold: 'deployment-hold',
  /** deploymentOrderSchema (policy-definitions.ts): what somebody last wanted to be sent at once. */
  deploymentOrder: 'deployment-order',
  /** otherPoolSchema (other-pools.ts): pools that get messages from here, or send some. */
  otherPool: (name: string) => `other-pools/${name}`,
  otherPools: 'other-pools/',
  /** primaryDefinitionSchema (other-pools.ts), by the name of the node. */
  primary: (node: string) => `primary-managers/${node}`,
  primaries: 'primary-managers/',
  /** Written with every change of a policy or a group, so that no group names what is being removed. */
  policyUses: 'policy-uses',
  /** sessionSchema */
  session: (coreId: string) => `sessions/${coreId}`,
  sessions: 'sessions/',
  /** etcdMemberSchema: which servers and witnesses can run a member of the pool's own etcd. */
  etcdMember: (coreId: string) => `etcd/${coreId}`,
  etcdMembers: 'etcd/',
  /** etcdSignSchema: how that member is, rewritten every few seconds. */
  etcdSign: (coreId: string) => `signs/${coreId}`,
  etcdSigns: 'signs/',
  /** What was last begun with the members of that etcd, and by whom; read by people alone. */
  etcdStep: 'etcd-step',
  /** Which server or witness may restart its member of that etcd now (restart-turn.ts). */
  etcdTurn: 'etcd-turn',
  /** Any value: written to learn where the coordinator stands. */
  probe: (coreId: string) => `probes/${coreId}`,
  /** joinTokenSchema, by the SHA-256 (hex) of the token's secret. */
  joinToken: (sha256: string) => `tokens/join/${sha256}`,
  joinTokens: 'tokens/join/',
  /** Written by every enrolment, so that two at once under one name cannot both succeed. */
  enrolments: 'enrolments',
  /** apiTokenSchema, by the SHA-256 (hex) of the token. */
  apiToken: (sha256: string) => `tokens/api/${sha256}`,
  apiTokens: 'tokens/api/',
  /** certificateRecordSchema (trust.ts), by the core ID of its owner. */
  certificate: (coreId: string) => `certificates/${coreId}`,
  certificates: 'certificates/',
  /** revocationSchema (trust.ts) */
  revocation: (coreId: string) => `revoked/${coreId}`,
  revocations: 'revoked/',
  /** trustSchema (trust.ts) */
  trust: 'trust',
  /** enrolmentSettingsSchema (trust.ts) */
  enrolmentSettings: 'settings/enrolment',
  /** installationSettingsSchema (agent-profile.ts) */
  installationSettings: 'settings/installation',
  setting: (name: string) => `settings/${name}`,
  settings: 'settings/',
  /** enrolRequestSchema (trust.ts) */
  enrolRequest: (coreId: string) => `enrol-requests/${coreId}`,
  enrolRequests: 'enrol-requests/',
} as const;

const ms = z.int().min(0);
const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'must be 1 to 63 letters, digits, dots, dashes or underscores, the first a letter or digit',
  );
export const nameSchema = name;

export const poolSchema = z.strictObject({
  id: z.uuid(),
  name,
  createdMs: ms,
  /** PEM certificates of the authorities that this pool believes. */
  authorities: z.array(z.string()).min(1),
  /** Drawn when the coordinator's data was made; another one means that it was rebuilt or restored. */
  lineage: z.uuid(),
  /** Lineages that an operator said this one goes on from; who knew one of them follows. */
  before: z.array(z.uuid()).max(64).optional(),
});
export type Pool = Readonly<z.infer<typeof poolSchema>>;

export const serverDefinitionSchema = z.strictObject({
  coreId: z.uuid(),
  name,
  url: z.string().max(1_024),
  /** Which addresses it publishes (published-addresses.ts): `ADDRESS`, `+ADDRESS`, `-ADDRESS`. Absent: its URL alone. */
  interfaces: z.array(z.string().max(64)).max(64).optional(),
  joinedMs: ms,
});
export type ServerDefinition = Readonly<z.infer<typeof serverDefinitionSchema>>;

/** A machine that only votes: it runs a member of the pool's own etcd and nothing else. */
export const witnessDefinitionSchema = z.strictObject({ coreId: z.uuid(), name, joinedMs: ms });
export type WitnessDefinition = Readonly<z.infer<typeof witnessDefinitionSchema>>;

export const nodeDefinitionSchema = z.strictObject({ coreId: z.uuid(), name, joinedMs: ms });
export type NodeDefinition = Readonly<z.infer<typeof nodeDefinitionSchema>>;

const host = z.string().min(1).max(256);
const port = z.int().min(1).max(65_535);

export const etcdMemberSchema = z.object({
  /** `HOST:PORT` each. */
  client: z.string().max(256),
  peer: z.string().max(256),
  /** What the member is called in etcd, another name for each time that it begins with no data. Absent: the core ID. */
  name: z.string().min(1).max(128).optional(),
});
export type EtcdMemberRecord = Readonly<z.infer<typeof etcdMemberSchema>>;

/** `offered`: its place is free to be used. */
export const etcdMemberStates = ['voter', 'learner', 'joining', 'offered'] as const;

export const etcdSignSchema = z.object({
  state: z.enum(etcdMemberStates),
  /** Why no member can run there; null when one can. */
  because: z.string().max(256).nullable(),
  version: z.string().max(64),
  atMs: ms,
  /** Fingerprints of the authorities that it believes, as far as it was started with them. Absent: of an earlier version. */
  believes: z.array(z.string().max(64)).max(32).optional(),
  /** The authority that signed its certificate for etcd. */
  signedBy: z.string().max(64).nullable().optional(),
});
export type EtcdSign = Readonly<z.infer<typeof etcdSignSchema>>;

export const actingRole = 'acting';
export const virtualInterfacePrefix = 'virtual-interface/';

/** A network interface as Linux may name one. */
export const networkInterfaceSchema = z
  .string()
  .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,15}$/, 'must be the name of a network interface, like eth0');

export const roleDefinitionSchema = z.strictObject({
  role: z.string().min(1).max(256),
  /** Core IDs, the most wanted first; servers not listed come after them, by core ID. */
  order: z.array(z.uuid()),
  failback: z.enum(['manual', 'automatic']),
  /** With failback: how long the preferred server must be alive and healthy first; `settleMsDefault` when absent. */
  settleMs: ms.max(86_400_000).optional(),
  pinned: z.uuid().nullable(),
  /** An operator's move: holds while the role's epoch is still the one that was seen, so it is over once it is done. */
  move: z.strictObject({ to: z.uuid(), epoch: ms }).optional(),
  /** A drill: the holder of that epoch loses its server process as if it had crashed. Over once the epoch is another. */
  drill: z.strictObject({ epoch: ms }).optional(),
  carrier: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('listen'), host, port }),
      /** Where clients reach the load balancer. */
      z.strictObject({ kind: z.literal('load-balancer'), host, port }),
      /** A real address of the network, moved between hosts by their keepers (`carriers/`). */
      z.strictObject({
        kind: z.literal('address'),
        /** IPv4 or IPv6, without a prefix length, as `parseVirtualAddress` gives it. */
        address: z.string().min(2).max(45),
        port,
        interface: networkInterfaceSchema,
        /** Servers, by core ID, on which another interface carries it. */
        interfaces: z.record(z.uuid(), networkInterfaceSchema),
      }),
    ])
    .nullable(),
});
export type RoleDefinition = Readonly<z.infer<typeof roleDefinitionSchema>>;

export const settleMsDefault = 60_000;

/** Every word that says why a role changed hands or stayed. The log, the API and the console show the same. */
export const roleReasons = [
  'first holder',
  'holder lost its session',
  'holder regained its session',
  'holder released it',
  'holder is unhealthy',
  'pinned by an operator',
  'moved by an operator',
  'failback to the preferred server',
  'server process ended',
  'server process hung',
  'killed in a drill',
  'server is stopping',
  'definition changed',
  'a higher epoch was met',
  'coordinator was restored',
] as const;
export type RoleReason = (typeof roleReasons)[number];

/** Changes that somebody wanted; any other is worth a warning. */
const plannedReasons: ReadonlySet<RoleReason> = new Set([
  'first holder',
  'holder released it',
  'pinned by an operator',
  'moved by an operator',
  'failback to the preferred server',
  'server is stopping',
  'definition changed',
]);

export function isPlanned(because: RoleReason): boolean {
  return plannedReasons.has(because);
}

export const holderSchema = z.strictObject({
  role: z.string().min(1).max(256),
  /** Core ID of the holder, or null while nobody holds it. */
  holder: z.uuid().nullable(),
  /** Incarnation of the session that the role lives and dies with. */
  incarnation: z.string().max(64).nullable(),
  epoch: ms,
  sinceMs: ms,
  because: z.enum(roleReasons),
  /** Core ID of the holder before this one, or of the one that let it go. */
  previous: z.uuid().nullable().optional(),
});
export type Holder = Readonly<z.infer<typeof holderSchema>>;

export const processIdSchema = z.strictObject({
  pid: z.int().min(1),
  startTicks: z.int().min(0),
  bootId: z.string().max(64),
});

/** A server's sign of life, rewritten at every renewal. */
export const sessionSchema = z.strictObject({
  coreId: z.uuid(),
  /** Drawn anew for each session. */
  incarnation: z.string().max(64),
  renewals: z.int().min(0),
  /** Set once by its owner or by a rival; an ended session is never renewed again. */
  ended: z.boolean(),
  sinceMs: ms,
  renewedMs: ms,
  version: z.string().max(64),
  healthy: z.boolean(),
  because: z.string().max(256),
  lagMs: z.number().min(0),
  /** Null until the server process has said where its journal stands. */
  origin: z.string().refine(isOrigin).nullable(),
  ttlMs: z.int().min(1),
  /** Roles that this server cannot carry as it is: an interface or a right is missing. */
  cannotCarry: z.array(z.string().max(256)).max(256).optional(),
  /**
   * Whom its owner asks, while the coordinator is away, to let it keep its roles. A server that is not named may not
   * end this session. Without it (an older version) its owner asks nobody, and stops.
   */
  asks: z.array(z.uuid()).max(1_024).optional(),
  /**
   * What a rival on this machine ends when it has ended this session: the server process, which owns the ports. The
   * keeper owns none, and finds out by itself.
   */
  processes: z.array(processIdSchema).max(8),
});
export type Session = Readonly<z.infer<typeof sessionSchema>>;

export const joinTokenSchema = z.strictObject({
  for: z.enum(enrolledKinds.filter((kind) => kind !== 'user')),
  /** Where given, the only name that may join with it. */
  name: name.nullable(),
  createdMs: ms,
  expiresMs: ms,
  usedMs: ms.nullable(),
  usedBy: z.uuid().nullable(),
  /** SHA-256 of the public key that it was used with: only that one may ask again. */
  usedKey: z.string().max(64).nullable(),
});
export type JoinToken = Readonly<z.infer<typeof joinTokenSchema>>;

export const apiTokenSchema = z.strictObject({
  name,
  createdMs: ms,
  expiresMs: ms.nullable(),
  /** User roles that it has; a token from before there were any works on messages and configures nothing. */
  roles: z.array(name).max(32).default(['operator']),
});
export type ApiToken = Readonly<z.infer<typeof apiTokenSchema>>;
