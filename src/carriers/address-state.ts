import type { VirtualAddress } from '../model/virtual-address.ts';

/** Where a role's address goes on this server. */
export interface Place extends VirtualAddress {
  /** The network interface. */
  readonly device: string;
}

/** What the keeper holds, from its lease: a role with an address, and until when. */
export interface CarriedRole {
  readonly role: string;
  readonly epoch: number;
  /** End of the keeper's belief on the monotonic clock; no rival takes the role before. */
  readonly deadlineMs: number;
}

/** `gate`: nftables closes in milliseconds. `lifetime`: only the address's own lifetime ends it. */
export type CarrierMode = 'gate' | 'lifetime';

export interface CarrierConfig {
  readonly renewEveryMs: number;
  readonly ttlMs: number;
}

/**
 * One role's address. Modes of `gate`: shut, ticket (an element that opens nothing yet, and that the opening must
 * delete), open. In the mode `lifetime` the address itself is the gate and there are no tickets.
 */
export interface Carriage {
  readonly role: string;
  readonly place: Place;
  /** Null when the role is not ours (any more). */
  readonly wanted: CarriedRole | null;
  readonly gate: 'shut' | 'ticket' | 'open';
  /** Being taken at this moment: a ticket is put there for it, so that it need not wait for one. */
  readonly expected: { readonly untilMs: number; readonly deadlineMs: number } | null;
  /** No element of ours lives in the kernel beyond this, whatever became of any call. */
  readonly untilMs: number;
  readonly armedMs: number;
  /** The deadline must have moved beyond this before the gate is opened again. */
  readonly provenBeyondMs: number;
  /** False only when the kernel said that it is not there. */
  readonly present: boolean;
  readonly refreshedMs: number;
  /** How many announcements were made since it was opened, and when the next one is due. */
  readonly announced: number;
  readonly announceAtMs: number;
  /** A batch failed: its renewals are tried one by one, so that one that expired does not stop the others. */
  readonly alone: boolean;
  readonly failures: number;
  readonly quietUntilMs: number;
}

/** A call to nftables. `roles` are those that it is about. */
export type GateCall =
  | { readonly kind: 'prepare'; readonly guard: readonly Place[]; readonly egress: boolean }
  | { readonly kind: 'unguard'; readonly guard: readonly Place[] }
  | { readonly kind: 'close'; readonly roles: readonly Carriage[] }
  | { readonly kind: 'ticket'; readonly roles: readonly Carriage[]; readonly timeoutsMs: readonly number[] }
  | { readonly kind: 'open'; readonly roles: readonly Carriage[]; readonly timeoutsMs: readonly number[] }
  | { readonly kind: 'renew'; readonly roles: readonly Carriage[]; readonly timeoutsMs: readonly number[] };

/** A call to `ip`. */
export type AddressCall =
  | { readonly kind: 'look' }
  | { readonly kind: 'put'; readonly carriage: Carriage; readonly lifetimeS: number }
  | { readonly kind: 'remove'; readonly carriage: Carriage }
  | { readonly kind: 'remove stray'; readonly address: string; readonly device: string };

export type CallResult =
  | { readonly kind: 'done' }
  /** The program ran and refused: nothing was changed. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Killed at its time limit; what it did is not known. */
  | { readonly kind: 'unknown'; readonly why: string }
  /** The program is not on this machine. */
  | { readonly kind: 'missing'; readonly why: string };

/** A network interface of this machine with its addresses, `ADDRESS/PREFIX`. */
export interface Device {
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface CarrierState {
  readonly config: CarrierConfig;
  /** Null until the first preparation has shown whether nftables is there. */
  mode: CarrierMode | null;
  /** Whether frames are filtered where they leave the interface; older kernels cannot. */
  egress: boolean;
  /** What is defined for this server. */
  defined: ReadonlyMap<string, Place>;
  /** What the keeper said last that is ours. */
  carried: ReadonlyMap<string, CarriedRole>;
  /** What the gate's tables guard now, `ADDRESS DEVICE`. */
  guarded: Map<string, Place>;
  carriages: Map<string, Carriage>;
  /** Null before the first look. */
  devices: ReadonlyMap<string, Device> | null;
  lookedMs: number;
  /** A call under way in each lane; at most one. */
  gateCall: GateCall | null;
  addressCall: AddressCall | null;
  gateQuietUntilMs: number;
  addressQuietUntilMs: number;
  /** Why the gate cannot be prepared; null when it can. */
  gateProblem: string | null;
  /** Last told, by role: null for fit. */
  told: Map<string, string | null>;
}

export type CarrierEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'define'; readonly places: ReadonlyMap<string, Place> }
  /** All that is ours now; what is missing is not. */
  | { readonly kind: 'carry'; readonly roles: readonly CarriedRole[] }
  /** These are about to be ours, or not; `deadlineMs` as in `CarriedRole`. */
  | { readonly kind: 'expect'; readonly roles: readonly string[]; readonly deadlineMs: number }
  | { readonly kind: 'gate answered'; readonly call: GateCall; readonly result: CallResult }
  | {
      readonly kind: 'address answered';
      readonly call: AddressCall;
      readonly result: CallResult;
      readonly devices?: readonly Device[];
    };

export type CarrierEffect =
  | { readonly kind: 'gate'; readonly call: GateCall }
  | { readonly kind: 'address'; readonly call: AddressCall }
  | { readonly kind: 'announce'; readonly place: Place }
  /** Nothing of the role is left here: the gate is closed and the address gone. */
  | { readonly kind: 'closed'; readonly role: string }
  | { readonly kind: 'fit'; readonly role: string; readonly because: string | null }
  | {
      readonly kind: 'say';
      readonly level: 'info' | 'warn' | 'error';
      readonly text: string;
      readonly fields: Readonly<Record<string, string | number>>;
    };

export function initialCarrier(config: CarrierConfig): CarrierState {
  return {
    config,
    mode: null,
    egress: true,
    defined: new Map(),
    carried: new Map(),
    guarded: new Map(),
    carriages: new Map(),
    devices: null,
    lookedMs: -Infinity,
    gateCall: null,
    addressCall: null,
    gateQuietUntilMs: -Infinity,
    addressQuietUntilMs: -Infinity,
    gateProblem: null,
    told: new Map(),
  };
}

/** A step works on its own copy; what the maps hold is never changed in place. */
export function copyOfCarrier(state: CarrierState): CarrierState {
  return {
    ...state,
    guarded: new Map(state.guarded),
    carriages: new Map(state.carriages),
    told: new Map(state.told),
  };
}

export function newCarriage(role: string, place: Place): Carriage {
  return {
    role,
    place,
    wanted: null,
    gate: 'shut',
    expected: null,
    untilMs: -Infinity,
    armedMs: -Infinity,
    provenBeyondMs: -Infinity,
    present: false,
    refreshedMs: -Infinity,
    announced: 0,
    announceAtMs: Infinity,
    alone: false,
    failures: 0,
    quietUntilMs: -Infinity,
  };
}

export function isOurs(carriage: Carriage, nowMs: number): boolean {
  return carriage.wanted !== null && nowMs < carriage.wanted.deadlineMs;
}

export function isExpected(carriage: Carriage, nowMs: number): boolean {
  return carriage.expected !== null && nowMs < carriage.expected.untilMs;
}

export function placeKey({ address, device }: Place): string {
  return `${address} ${device}`;
}
