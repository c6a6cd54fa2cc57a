import { z } from 'zod';

const counts = z.record(z.string(), z.number());

/** What `agent status` shows. produced = delivered + buffered + dropped, severity by severity. */
export const agentStatusSchema = z.object({
  name: z.string(),
  coreId: z.uuid(),
  version: z.string(),
  startedMs: z.int(),
  connection: z.object({
    phase: z.enum(['waiting', 'dialling', 'live']),
    server: z.string().nullable(),
    serverName: z.string().nullable(),
    connectedSinceMs: z.int().nullable(),
    servers: z.array(z.string()),
    unanswered: z.int(),
    awaitingSecond: z.int(),
    problem: z.object({ server: z.string(), code: z.string(), text: z.string() }).nullable(),
  }),
  buffer: z.object({
    produced: counts,
    delivered: counts,
    buffered: counts,
    dropped: counts,
    bufferedBytes: z.int(),
    onceBytes: z.int(),
    bytesMax: z.int(),
    /** How often an unknown number was lost with a damaged buffer. */
    unknownGaps: z.int(),
    diskFull: z.boolean(),
  }),
  sources: z.array(
    z.object({
      policy: z.string(),
      kind: z.enum(['log-file', 'command']),
      problem: z.string().nullable(),
      counts,
    }),
  ),
  /** Other pools that get messages of this node, and how much waits for each. */
  otherPools: z.array(
    z.object({
      pool: z.string(),
      phase: z.enum(['waiting', 'dialling', 'live']),
      server: z.string().nullable(),
      buffered: z.int(),
      bufferedBytes: z.int(),
      problem: z.object({ server: z.string(), code: z.string(), text: z.string() }).nullable(),
    }),
  ),
  /** Which server or virtual interface the node was given as its primary manager; null: whoever the pool lists first. */
  primary: z.string().nullable(),
  /** The policies that the pool sent. */
  fromPool: z.object({
    generation: z.int(),
    digest: z.string(),
    policies: z.array(z.string()),
    refused: z.object({ digest: z.string(), text: z.string() }).nullable(),
  }),
  /** Files of the pool's depot. `allowed`: whether this node takes any, or how many it lists. */
  depot: z.object({
    files: z.int(),
    bytes: z.int(),
    bytesMax: z.int(),
    allowed: z.union([z.boolean(), z.int()]),
  }),
  refusedPolicies: z.array(z.object({ path: z.string(), text: z.string() })),
});
export type AgentStatus = Readonly<z.infer<typeof agentStatusSchema>>;
