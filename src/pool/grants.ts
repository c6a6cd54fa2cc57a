import { z } from 'zod';
import { roleReasons } from '../model/definitions.ts';
import { isOrigin } from '../model/origin.ts';

const asking = { round: z.int().min(1), incarnation: z.string().min(1).max(64) };
const question = { ...asking, ttlMs: z.int().min(1) };
/**
 * A role that a server has let go of for good under this epoch of this session: nothing of it is left there. Its record in the
 * coordinator may still name that server; whoever shall have it may take it all the same.
 */
const released = z.strictObject({
  role: z.string().max(256),
  epoch: z.int().min(1),
  incarnation: z.string().min(1).max(64),
  because: z.enum(roleReasons),
  /** Wall clock. */
  sinceMs: z.int().min(0),
});
export type Released = Readonly<z.infer<typeof released>>;

/**
 * Which coordinator a server knows, what it follows on, up to where, with which revision its own session was last written there (0:
 * never), and where it is (nothing where that is told elsewhere).
 */
const standing = {
  lineage: z.uuid(),
  before: z.array(z.uuid()).max(64),
  revision: z.int().min(0),
  session: z.int().min(0),
  endpoints: z.array(z.string().max(256)).max(9),
  released: z.array(released).max(32).optional(),
};
const answer = { ...asking, promised: z.boolean(), because: z.string().max(256) };

/**
 * What keeper and server process tell each other over the pipe. The keeper hands out grants; a grant is good until
 * its deadline on the machine's monotonic clock and the server looks at the clock before every decision.
 */
export const keeperMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('grants'),
    grants: z.array(
      z.strictObject({
        role: z.string().max(256),
        epoch: z.int().min(1),
        deadlineMs: z.number(),
        because: z.enum(roleReasons),
        /** Whom it was taken from, under which epoch, and since when (wall clock) nobody held it. */
        before: z
          .strictObject({
            holder: z.uuid().nullable(),
            epoch: z.int().min(0),
            freeSinceMs: z.int().min(0).nullable(),
          })
          .optional(),
      }),
    ),
  }),
  z.strictObject({ kind: z.literal('stop') }),
  /** How the keeper finds the coordinator, for people to see. */
  z.strictObject({
    kind: z.literal('coordinator'),
    isAway: z.boolean(),
    /** Every member leaves this server what it holds meanwhile. */
    isConfirmed: z.boolean(),
    /** Why an operator has to confirm what the coordinator says. */
    doubt: z.string().max(256).nullable(),
    /** No role is taken before a majority of the members was heard. */
    isWaiting: z.boolean(),
  }),
  /** Which coordinator this server knows: to be told to every member. */
  z.strictObject({ kind: z.literal('standing'), ...standing }),
  /** While the coordinator is away: ask each of these members to let this server keep what it holds. */
  z.strictObject({
    kind: z.literal('ask'),
    ...question,
    members: z.array(z.uuid()).max(1_024),
  }),
  /** What this keeper says to a member that asked. */
  z.strictObject({ kind: z.literal('answer'), to: z.uuid(), ...answer }),
]);
export type KeeperMessage = z.infer<typeof keeperMessageSchema>;
export type Grant = Extract<KeeperMessage, { kind: 'grants' }>['grants'][number];

/** From server to keeper, every `aliveEveryMs(timings)`; silence means hung. */
export const serverMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('alive'),
    origin: z.string().refine(isOrigin),
    healthy: z.boolean(),
    because: z.string().max(256),
    lagMs: z.number().min(0),
    /** The highest epoch of each role that this server has stored or heard of from a member. */
    epochs: z.record(z.string(), z.int().min(0)),
    /** Only for the keeper's log, as JSON. */
    positions: z.string(),
  }),
  /** The server has stopped acting for a role (the listener is closed); the keeper may release it. */
  z.strictObject({ kind: z.literal('released'), role: z.string().max(256), epoch: z.int().min(1) }),
  /** Another server asks to keep what it holds, `from` by its certificate. */
  z.strictObject({ kind: z.literal('asked'), from: z.uuid(), ...question }),
  /** Which coordinator a member knows. */
  z.strictObject({ kind: z.literal('stands'), from: z.uuid(), ...standing }),
  /** What a member answered to this server's question. */
  z.strictObject({ kind: z.literal('confirmed'), from: z.uuid(), ...answer }),
]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;
