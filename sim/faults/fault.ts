import type { StrikePoint } from '../world/process.ts';

interface Common {
  /** Virtual time. */
  readonly atMs: number;
}

interface OnMachine extends Common {
  readonly machine: string;
  readonly durationMs: number;
}

interface OnLink extends Common {
  readonly from: string;
  readonly to: string;
  readonly durationMs: number;
}

/** One thing that goes wrong, as data: a list of them is a plan, and a shorter list is a shrunk one. */
export type Fault =
  /** `point` waits for the process to pass there; null strikes at once, between two events. */
  | ({ readonly kind: 'kill' | 'pause'; readonly point: StrikePoint | null } & OnMachine)
  | ({ readonly kind: 'power loss' | 'isolate' | 'disk full' | 'failing disk' } & OnMachine)
  /** All processes of a machine; `program` waits until one has just called a program, which then stands still with it. */
  | ({ readonly kind: 'freeze'; readonly point: 'program' | null } & OnMachine)
  /** The coordinator is restored from a backup so old; after a while a person confirms that. */
  | ({ readonly kind: 'restore'; readonly agoMs: number; readonly durationMs: number } & Common)
  /** The power goes, and what was written in the last `agoMs` is gone from the disk, though it was synced. */
  | ({ readonly kind: 'lost tail'; readonly agoMs: number } & OnMachine)
  /** Every server loses power at once. */
  | ({
      readonly kind: 'blackout';
      readonly machines: readonly string[];
      readonly durationMs: number;
    } & Common)
  /** The server leaves the pool; another one with its name and nothing on its disk joins after a while. */
  | ({ readonly kind: 'replace' } & OnMachine)
  /** So many messages at once. */
  | ({ readonly kind: 'overload'; readonly machine: string; readonly count: number } & Common)
  /** Nobody, or one machine alone, reaches this one, which all depend on. */
  | ({ readonly kind: 'outage'; readonly except: string | null } & OnMachine)
  | ({ readonly kind: 'slow disk'; readonly meanMs: number } & OnMachine)
  | ({ readonly kind: 'clock jump'; readonly machine: string; readonly byMs: number } & Common)
  | ({ readonly kind: 'cut' | 'one-way cut' } & OnLink)
  | ({ readonly kind: 'slow link'; readonly meanMs: number } & OnLink)
  /** Connections break; with `half open` only one end hears of it. */
  | ({ readonly kind: 'reset' | 'half open' } & Common & { readonly from: string; readonly to: string });

export type FaultKind = Fault['kind'];
