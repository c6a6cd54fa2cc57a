import { z } from 'zod';
import { roleReasons } from '../model/definitions.ts';
import { depotLimits, sha256Schema } from '../model/depot.ts';
import { isOrigin } from '../model/origin.ts';
import { policiesRunningSchema } from '../model/policy-definitions.ts';
import { sharedItemsMax } from '../model/sharing.ts';
import { revocationSchema } from '../model/trust.ts';

/** Protocol versions this build speaks: the newest and those before it. */
export const protocolMax = 4;
export const protocolMin = 1;

const seq = z.int().min(0);
const origin = z.string().refine(isOrigin, 'is not an origin');
const positions = z.record(origin, seq);
const name = z.string().min(1).max(256);
const interfaces = z.int().min(0).max(64).optional();

const revoked = z.array(revocationSchema).max(1_000);

const question = { round: z.int().min(1), incarnation: z.string().min(1).max(64) };

/** What peers of the link say; each is the header of a frame (frame.ts), some with a body of bytes behind it. */
export const linkMessageSchemas = {
  /**
   * First frame of whoever connected. Kind, pool and core ID are in the certificate and stand nowhere else. Said
   * before the protocol is agreed on, so what a newer version adds is overlooked here (and in `refused`).
   */
  hello: z.object({
    type: z.literal('hello'),
    protocolMin: z.int(),
    protocolMax: z.int(),
    name,
    version: name,
    /** Agents only: the address they reached us at, which says through which virtual interface they came. */
    dialled: z.string().max(1_024).optional(),
    /** Agents only: what they run on, `linux`. */
    system: z.string().max(64).optional(),
    /** Servers only: where this server's journal stands. */
    origin: origin.optional(),
  }),
  /** The answer: the protocol chosen, and how to behave. */
  welcome: z.strictObject({
    type: z.literal('welcome'),
    protocol: z.int(),
    name,
    version: name,
    coreId: z.uuid(),
    /** Servers only. What the welcoming server has, so that the other can send what it lacks. */
    positions: positions.optional(),
    /** Servers only, protocol 3. Who was revoked as this server knows it: who was away has to know before it serves. */
    revoked: revoked.optional(),
    /** How often to say ping. */
    pingEveryMs: z.int().min(100).optional(),
    /** Agents only. Batches that may be unanswered, over how long to spread a reconnect. */
    windowBatches: z.int().min(1).max(1_024).optional(),
    reconnectSpreadMs: z.int().min(0).optional(),
    /** Agents only. Every address of the pool, virtual interfaces first: the agent remembers them. */
    servers: z.array(z.string().max(1_024)).max(64).optional(),
    /** How many of them, from the first on, are virtual interfaces. */
    interfaces,
  }),
  /** Said before closing a connection; `retry` false means: not until something was changed by a person. */
  refused: z.object({
    type: z.literal('refused'),
    code: z.string().max(64),
    text: z.string().max(1_024),
    retry: z.boolean(),
  }),
  ping: z.strictObject({ type: z.literal('ping'), id: seq }),
  pong: z.strictObject({ type: z.literal('pong'), id: seq }),

  /** Agent to server. Body: the compressed journal body of kind `messages`. `batch` counts up within a connection. */
  batch: z.strictObject({ type: z.literal('batch'), batch: seq, count: z.int().min(1).max(5_000) }),
  /**
   * Protocol 4. Between servers of two pools: messages that one shares with the other, and operations on shared ones (from
   * either end). Body: sharedBatchSchema (model/sharing.ts), compressed. Answered by `stored` or `again`.
   */
  share: z.strictObject({ type: z.literal('share'), batch: seq, count: z.int().min(1).max(sharedItemsMax) }),
  /** Server to agent, or to a server of another pool. Said again with a higher `copies` when that is reached. `wanted` is 2, or 1 in a pool of one. */
  stored: z.strictObject({
    type: z.literal('stored'),
    batch: seq,
    copies: z.int().min(1),
    wanted: z.int().min(1),
    /** Messages that this pool will never take, by position in the batch, each with its reason. */
    refused: z.array(z.strictObject({ index: seq, text: z.string().max(512) })).optional(),
  }),
  /** Server to agent: not stored and not to be counted on; send again after `afterMs` (disk full, overload, strict). */
  again: z.strictObject({
    type: z.literal('again'),
    batch: seq,
    code: z.string().max(64),
    text: z.string().max(1_024),
    afterMs: z.int().min(0),
  }),

  /**
   * Server to agent: all is stored; return to the first of these, the pool's addresses as they are now, once that has
   * answered.
   */
  goBack: z.strictObject({
    type: z.literal('goBack'),
    text: z.string().max(1_024),
    servers: z.array(z.string().max(1_024)).min(1).max(64),
    interfaces,
  }),

  /** Server to agent: the pool's addresses have changed; they replace what the welcome said. */
  servers: z.strictObject({
    type: z.literal('servers'),
    servers: z.array(z.string().max(1_024)).min(1).max(64),
    interfaces,
  }),

  /**
   * Protocol 3. Server to agent: whom to believe from now on. Who has a certificate by another authority than `signer`
   * renews it at some moment within `spreadMs`.
   */
  trust: z.strictObject({
    type: z.literal('trust'),
    authorities: z.array(z.string().max(8_192)).min(1).max(5),
    signer: z.string().max(64),
    spreadMs: z.int().min(0),
  }),

  /**
   * Agent to server, protocol 3. Which policies of the pool it runs: said when it has connected, and in answer to
   * `policies`.
   */
  policiesRunning: z.strictObject({ type: z.literal('policiesRunning'), ...policiesRunningSchema.shape }),
  /**
   * Server to agent, protocol 3. Body: the text of a policy set (policies/policy-set.ts) that is to replace the one it
   * runs. A lower generation than its own is refused.
   */
  policies: z.strictObject({
    type: z.literal('policies'),
    generation: z.int().min(1),
    digest: z.string().max(64),
  }),

  /**
   * Server to agent, protocol 4. Body: JSON of a `SignedOrder` (model/action.ts). May be said again on every connection, until
   * the pool knows how it ended; the agent does it at most once.
   */
  action: z.strictObject({ type: z.literal('action'), id: z.uuidv7() }),
  /** Agent to server, protocol 4. It would begin now; whether it is still time only servers know. */
  actionReady: z.strictObject({ type: z.literal('actionReady'), id: z.uuidv7() }),
  /** Server to agent, protocol 4. So long after it asked it may begin; 0: its time is over. */
  actionGo: z.strictObject({ type: z.literal('actionGo'), id: z.uuidv7(), withinMs: seq }),
  /** Agent to server, protocol 4. Body: JSON, an array of `ActionReport`s. `batch` counts up within a connection. */
  actionReports: z.strictObject({ type: z.literal('actionReports'), batch: seq }),
  /** Server to agent, protocol 4. As `stored`; without `copies` they could not be stored: told again with the next ones. */
  actionReportsStored: z.strictObject({
    type: z.literal('actionReportsStored'),
    batch: seq,
    copies: z.int().min(0),
    wanted: z.int().min(1),
  }),
  /** Protocol 4. Agent to server, and receiver to sender: that file of the depot, in parts. */
  depotPlease: z.strictObject({ type: z.literal('depotPlease'), sha256: sha256Schema }),
  /** Protocol 4. Body: the bytes from `offset` on. */
  depotPart: z.strictObject({
    type: z.literal('depotPart'),
    sha256: sha256Schema,
    offset: seq,
    totalBytes: z.int().min(1).max(depotLimits.fileBytesMax),
  }),
  /** Protocol 4. Answer to `depotPlease`: it is not here, or cannot be read to its end. */
  depotNone: z.strictObject({ type: z.literal('depotNone'), sha256: sha256Schema }),
  /**
   * Protocol 4. Sender to receiver: files of the depot that are here. `whole`: what was said before is forgotten. `fresh`:
   * they were just uploaded, and whoever hears it should have them too.
   */
  depotHave: z.strictObject({
    type: z.literal('depotHave'),
    files: z.array(sha256Schema).max(500),
    whole: z.boolean().optional(),
    fresh: z.boolean().optional(),
  }),

  /** Server to server. Body: the entries' bodies, end to end, in this order. */
  entries: z.strictObject({
    type: z.literal('entries'),
    entries: z
      .array(
        z.strictObject({
          origin,
          seq: z.int().min(1),
          hlc: z.int().min(0),
          kind: z.string().min(1).max(64),
          checksum: z.string().max(64),
          bytes: z.int().min(0),
        }),
      )
      .min(1)
      .max(1_024),
  }),
  /** Receiver to sender after each commit: what is durable here. Holds only what changed since the last. */
  positions: z.strictObject({
    type: z.literal('positions'),
    positions,
    /** The hash of the derived rows at the positions last told; members at equal positions compare. */
    stateHash: z.string().max(64).optional(),
    /** Chain hashes, by origin, at the position named. */
    chains: z.record(origin, z.strictObject({ seq, chain: z.string().max(64) })).optional(),
    epochs: z.record(z.string().max(256), seq).optional(),
    /** How many messages came to it through each virtual interface since it started, by role. */
    received: z.record(z.string().max(256), seq).optional(),
  }),
  /**
   * Protocol 2. While the coordinator is away: let me keep what I hold, and take nothing from me for `ttlMs` and what
   * clocks may differ by. Numbers and incarnation come back in the answer.
   */
  confirmPlease: z.strictObject({ type: z.literal('confirmPlease'), ...question, ttlMs: z.int().min(1) }),
  /** Protocol 2. Answer to `confirmPlease`: promised from the moment it was read, or why not. */
  confirmed: z.strictObject({
    type: z.literal('confirmed'),
    ...question,
    promised: z.boolean(),
    because: z.string().max(256),
  }),
  /** Protocol 3. Receiver to sender: who was revoked, whenever that changes; the coordinator may not answer the other. */
  revoked: z.strictObject({ type: z.literal('revoked'), revoked }),
  /**
   * Protocol 3. Which coordinator this server knows, what that follows on, up to where, with which revision its own session was
   * last written there, and where it is. Roles that it has just let go of for good, for whoever shall have them to take.
   */
  standing: z.strictObject({
    type: z.literal('standing'),
    lineage: z.uuid(),
    before: z.array(z.uuid()).max(64),
    revision: seq,
    session: seq,
    endpoints: z.array(z.string().max(256)).max(9),
    released: z
      .array(
        z.strictObject({
          role: z.string().max(256),
          epoch: seq,
          incarnation: z.string().min(1).max(64),
          because: z.enum(roleReasons),
          sinceMs: seq,
        }),
      )
      .max(32)
      .optional(),
  }),
  /** Sender to receiver: what you lack was trimmed here; say `snapshotPlease` when the others have what you have. */
  trimmed: z.strictObject({ type: z.literal('trimmed'), origin, from: seq }),
  snapshotPlease: z.strictObject({ type: z.literal('snapshotPlease') }),
  /** Body: the bytes from `offset` on. The last part has `last` and the checksum (SHA-256, hex) of the whole. */
  snapshotPart: z.strictObject({
    type: z.literal('snapshotPart'),
    offset: seq,
    totalBytes: seq,
    last: z.boolean(),
    sha256: z.string().max(64).optional(),
  }),
} as const;

export type LinkMessageType = keyof typeof linkMessageSchemas;
export type LinkMessageOf<T extends LinkMessageType> = z.infer<(typeof linkMessageSchemas)[T]>;
export type LinkMessage = { [T in LinkMessageType]: LinkMessageOf<T> }[LinkMessageType];
