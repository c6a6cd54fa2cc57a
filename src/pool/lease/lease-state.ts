import type { CarriedRole } from '../../carriers/address-state.ts';
import type { Transaction, TransactionResult } from '../../coordination/coordination.ts';
import type { Holder, Pool, RoleDefinition, RoleReason, Session } from '../../model/definitions.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { ProcessId } from '../../runtime/commands.ts';
import type { doubts } from './lease-lineage.ts';
import type { Heard } from './lease-standing.ts';
import type { Grant, Released, ServerMessage } from '../grants.ts';
import type { Freed } from './lease-freed.ts';
import type { HandedOver } from './lease-handover.ts';
import type { Timings } from './timings.ts';

/** Both clocks of one instant. The wall only serves to notice that the machine slept. */
export interface Now {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export interface LeaseConfig {
  readonly coreId: Uuid;
  readonly timings: Timings;
  readonly version: string;
  /** Random text of this run of the keeper; incarnations of its sessions begin with it. */
  readonly run: string;
  /** What an earlier run knew: whose coordinator it is, and a revision that it had committed. */
  readonly lineage?: string | null;
  readonly revision?: number;
  /** The revision that the record of this server's session had then. */
  readonly sessionRevision?: number;
  /** How long ago an earlier run noted that, by the wall clock; null or absent when none did. */
  readonly awayMs?: number | null;
  /** Whether all other members were silent then. */
  readonly wasAlone?: boolean;
  /** How long this server may have been away to go on with what it knew. */
  readonly memoryMs?: number;
  /** Whether a coordinator that was put back, or another one, has to be reckoned with. */
  readonly isCautious?: boolean;
}

/** `revision` is 0 for an absent key; `asOf` is the revision of the store at which this was so. */
interface Seen {
  readonly revision: number;
  readonly asOf: number;
}

export type SeenSession = Seen & { readonly session: Session | null; readonly seenMs: number };
export type SeenHolder = Seen & { readonly holder: Holder | null };

/** One key of the coordinator, read. */
export type ViewItem = Seen &
  (
    | { readonly kind: 'session'; readonly coreId: Uuid; readonly session: Session | null }
    | { readonly kind: 'holder'; readonly role: string; readonly holder: Holder | null }
    | { readonly kind: 'role'; readonly role: string; readonly definition: RoleDefinition | null }
    | { readonly kind: 'server'; readonly coreId: Uuid }
    | { readonly kind: 'pool'; readonly pool: Pool | null }
  );

/** An attempt to write our session; its number stands in the record, so a record says which attempt wrote it. */
interface Attempt {
  readonly number: number;
  readonly sent: Now;
  readonly health: string;
  /** Whom its record names as those who are asked while the coordinator is away. */
  readonly asks: readonly Uuid[];
}

/** One question to every member, and who has not promised yet. */
interface Round {
  readonly number: number;
  readonly sent: Now;
  readonly waiting: readonly Uuid[];
}

export interface OwnSession {
  readonly incarnation: string;
  readonly sinceMs: number;
  /** For the condition of the next write. */
  readonly revision: number;
  readonly asOf: number;
  readonly attempts: readonly Attempt[];
  /** The newest attempt that is known to have been written. Null before the first. */
  readonly written: Attempt | null;
  /** Whoever the record in the coordinator may name, whichever of our attempts it took last. */
  readonly asks: readonly Uuid[];
  readonly rounds: readonly Round[];
  /** When the newest question was sent that every member has answered with a promise. */
  readonly confirmed: Now | null;
}

/** A role that we believe to hold. */
export interface Held {
  readonly epoch: number;
  readonly because: RoleReason;
  readonly before: Grant['before'];
  /** Until when the server process may act, by the last deadline it was given; 0 before the first. */
  readonly grantedUntilMs: number;
  /** Set while the server process is asked to stop acting. */
  readonly leaving: RoleReason | null;
}

export interface ServerProcess {
  readonly process: ProcessId;
  readonly startedMs: number;
  /** When it last said that it is alive; null before the first time. */
  readonly heardMs: number | null;
  readonly alive: Extract<ServerMessage, { kind: 'alive' }> | null;
  /** Why we killed it. */
  readonly killed: RoleReason | null;
}

/** Not to end that session nor to take from its server, until then on our monotonic clock. */
interface Promise {
  readonly incarnation: string;
  readonly untilMs: number;
}

/** What a transaction will have written when it succeeds; revisions are not known before. */
export type Written =
  | { readonly kind: 'session'; readonly coreId: Uuid; readonly session: Session }
  | { readonly kind: 'holder'; readonly role: string; readonly holder: Holder };

/** A call under way. There is at most one at a time. */
export type Pending = {
  readonly call: number;
  readonly sentMs: number;
  /** The highest revision that was known to be committed when it was sent. */
  readonly knew: number;
} & (
  | { readonly kind: 'read'; readonly keys: readonly string[] }
  | {
      readonly kind: 'write';
      readonly keys: readonly string[];
      readonly written: readonly Written[];
      /**
       * What it is for: our session (with roles released on the way), the end of a rival's, roles to take, or only to
       * learn which revision a write gets.
       */
      readonly what: 'session' | 'last session' | 'end' | 'take' | 'probe';
    }
);

/**
 * Everything a keeper knows. Modes: blind (no view yet), joining (`own` not written yet), in session, lapsed (belief
 * over, roles dropped, still the same session), stopping, done. A session that was ended is replaced by a new one
 * (joining); a lapsed one that nobody ended is simply renewed, and its roles are taken anew.
 */
export interface LeaseState {
  readonly config: LeaseConfig;
  /** Of this state: the time of the last step. */
  at: Now | null;
  /** Of which kinds we have a whole list. */
  viewed: Set<ViewItem['kind']>;
  sessions: Map<Uuid, SeenSession>;
  holders: Map<string, SeenHolder>;
  definitions: Map<string, RoleDefinition>;
  servers: Set<Uuid>;
  /** Since when each member has been fit without a break, on our clock; `as` is the run that is. */
  fit: Map<Uuid, { readonly as: string; readonly sinceMs: number }>;
  /** Wall clock: when we last had to drop what we held, or our last run fell silent. */
  droppedMs: number | null;
  own: OwnSession | null;
  sessionsStarted: number;
  attemptsMade: number;
  held: Map<string, Held>;
  /** Roles that our record names us for and that the server process no longer acts for: why they are to be released. */
  left: Map<string, RoleReason>;
  /**
   * Roles whose address may still be on this machine: told to the carrier, and not heard to be closed since. None of
   * them is released.
   */
  carried: Set<string>;
  carriedSent: string;
  /** Roles with an address that we told the others to be free before the coordinator says so, and that they told us. */
  handed: Map<string, HandedOver>;
  freed: Map<string, Freed>;
  /** Of which epochs the end was expected, so that we were ready to carry the role before it was free. */
  expected: Map<string, number>;
  /** Whether this machine can carry a role with an address: null if so, else why not. Not there: not known yet. */
  fitness: Map<string, string | null>;
  server: ServerProcess | null;
  grantsSent: readonly Grant[];
  /** By role: the last grant that the server process was given and has not said to have let go of. */
  granted: Map<string, Grant>;
  calls: number;
  pending: Pending | null;
  /** Keys to read before anything else is written. */
  toRead: readonly string[];
  failures: number;
  /** When the coordinator last answered a call of ours, or when we started. */
  heardMs: number | null;
  roundsAsked: number;
  promises: Map<Uuid, Promise>;
  quietUntilMs: number;
  /** Null before the pool was seen for the first time. */
  lineage: string | null;
  /** The lineages that an operator said this one goes on from. */
  before: readonly string[];
  /** Where each member stands, as it told since we are in touch with the coordinator. */
  heard: Map<Uuid, Heard>;
  told: { readonly lineage: string; readonly atMs: number } | null;
  /** Members that are no servers: how many there are, and are known to follow this coordinator. */
  witnesses: { readonly listed: number; readonly heard: number; readonly memoryMs: number };
  /** Enough is known to take roles; for as long as we stay in touch with the coordinator. */
  isTrusted: boolean;
  /**
   * Null while we are not in touch with it; else a revision: what was seen as of a later one was seen since we are. 0 from the start
   * of a run, which has seen nothing before.
   */
  contact: number | null;
  /** When the last write that was taken was sent, or when we started. */
  touchedMs: number | null;
  /** The same of the last for which we were trusted. */
  trustedMs: number | null;
  /** How long before that this server was away: by what the last run noted; 0 once we were trusted. */
  awayMs: number | null;
  /** Whether all other members were silent at the last write for which we were trusted. */
  wasAlone: boolean;
  /** The highest revision that the record of our session is known to have had, in this lineage. */
  sessionRevision: number;
  /** The highest revision that the coordinator is known to have committed. */
  highest: number;
  /** Something older was read than was committed before: a write must tell. */
  suspected: boolean;
  /** Set until an operator confirms what the coordinator says. */
  doubt: Doubt | null;
  /** When the coordinator was last read anew for that, or the doubt arose. */
  doubtLookMs: number | null;
  noTakesUntilMs: number;
  /** Roles that may be taken before that, having been ours. */
  regains: Set<string>;
  /** Epochs that an earlier lineage had got to. */
  epochs: Map<string, number>;
  stoppingSince: Now | null;
  done: boolean;
}

export type Doubt = (typeof doubts)[keyof typeof doubts];

export type Outcome =
  | { readonly kind: 'result'; readonly result: TransactionResult }
  | { readonly kind: 'read'; readonly items: readonly ViewItem[] }
  | { readonly kind: 'unknown' };

export type LeaseEvent =
  | { readonly kind: 'tick' }
  /** `whole`: these are all of that kind, every other is absent. */
  | {
      readonly kind: 'view';
      readonly whole: ViewItem['kind'] | null;
      readonly asOf: number;
      readonly items: readonly ViewItem[];
    }
  | { readonly kind: 'answered'; readonly call: number; readonly outcome: Outcome }
  | { readonly kind: 'server started'; readonly process: ProcessId }
  | { readonly kind: 'server ended' }
  | { readonly kind: 'server said'; readonly message: ServerMessage }
  /** Its gate is shut and its address gone. */
  | { readonly kind: 'carrier closed'; readonly role: string }
  | { readonly kind: 'carrier fit'; readonly role: string; readonly because: string | null }
  /** `memoryMs`: how long away this server may have been to go on with what it knew. */
  | {
      readonly kind: 'witnesses';
      readonly listed: number;
      readonly heard: number;
      readonly memoryMs: number;
    }
  | { readonly kind: 'stop' };

/** What happened to a role at this keeper; for the log. */
export interface RoleChange {
  readonly role: string;
  readonly change: 'taken' | 'leaving' | 'released' | 'dropped';
  readonly epoch: number;
  readonly because: RoleReason;
  /** How long nobody held it; known when it is taken. */
  readonly unheldMs: number | null;
}

/** `confirmed`: kept by every member's promise while the coordinator is away; `renewed`: the coordinator is back. */
export type SessionChange = 'started' | 'lapsed' | 'lost' | 'confirmed' | 'renewed';

/** Every call is answered exactly once with an `answered` event, also when it fails or takes too long. */
export type LeaseEffect =
  | { readonly kind: 'transact'; readonly call: number; readonly transaction: Transaction }
  /** To each of these members, which answer with `confirmed`. */
  | {
      readonly kind: 'ask';
      readonly round: number;
      readonly incarnation: string;
      readonly ttlMs: number;
      readonly members: readonly Uuid[];
    }
  | {
      readonly kind: 'answer';
      readonly to: Uuid;
      readonly round: number;
      readonly incarnation: string;
      readonly promised: boolean;
      readonly because: string;
    }
  /** A member does not let us keep what we have. */
  | { readonly kind: 'refused'; readonly by: Uuid; readonly because: string }
  | { readonly kind: 'read'; readonly call: number; readonly keys: readonly string[] }
  | { readonly kind: 'grant'; readonly grants: readonly Grant[] }
  /** The roles whose addresses this machine carries, all of them. */
  | { readonly kind: 'carry'; readonly roles: readonly CarriedRole[] }
  /** Roles with an address that the call just sent will take, if all goes well, or that their holder is to let go to us. */
  | { readonly kind: 'expect'; readonly roles: readonly string[]; readonly deadlineMs: number }
  | { readonly kind: 'stop server' }
  | { readonly kind: 'kill server'; readonly because: RoleReason }
  | { readonly kind: 'end processes'; readonly processes: readonly ProcessId[] }
  | { readonly kind: 'changed'; readonly change: RoleChange }
  | { readonly kind: 'session'; readonly what: SessionChange; readonly incarnation: string }
  /** To be remembered: whose coordinator this is. */
  | { readonly kind: 'lineage'; readonly lineage: string }
  /** The coordinator is not what it was. Roles are neither taken nor renewed until an operator confirms. */
  | { readonly kind: 'doubt'; readonly because: Doubt }
  /** To be told to every member. */
  | {
      readonly kind: 'tell';
      readonly lineage: string;
      readonly before: readonly string[];
      readonly revision: number;
      readonly session: number;
      readonly released?: readonly Released[];
    }
  /** The pool has gone on under this lineage, with a coordinator that is there. */
  | { readonly kind: 'follow'; readonly lineage: string; readonly endpoints: readonly string[] }
  /** Everything is to be read from the coordinator anew. */
  | { readonly kind: 'look again' }
  | { readonly kind: 'stopped' };

export function initialLease(config: LeaseConfig): LeaseState {
  return {
    config,
    at: null,
    viewed: new Set(),
    sessions: new Map(),
    holders: new Map(),
    definitions: new Map(),
    servers: new Set(),
    fit: new Map(),
    droppedMs: null,
    own: null,
    sessionsStarted: 0,
    attemptsMade: 0,
    held: new Map(),
    left: new Map(),
    carried: new Set(),
    carriedSent: '[]',
    handed: new Map(),
    freed: new Map(),
    expected: new Map(),
    fitness: new Map(),
    server: null,
    grantsSent: [],
    granted: new Map(),
    calls: 0,
    pending: null,
    toRead: [],
    failures: 0,
    heardMs: null,
    roundsAsked: 0,
    promises: new Map(),
    quietUntilMs: 0,
    lineage: config.lineage ?? null,
    before: [],
    heard: new Map(),
    told: null,
    witnesses: { listed: 0, heard: 0, memoryMs: config.memoryMs ?? 0 },
    isTrusted: config.isCautious !== true,
    contact: 0,
    touchedMs: null,
    awayMs: config.awayMs ?? null,
    wasAlone: config.wasAlone ?? false,
    trustedMs: null,
    sessionRevision: config.sessionRevision ?? 0,
    highest: config.revision ?? 0,
    suspected: false,
    doubt: null,
    doubtLookMs: null,
    noTakesUntilMs: -Infinity,
    regains: new Set(),
    epochs: new Map(),
    stoppingSince: null,
    done: false,
  };
}
