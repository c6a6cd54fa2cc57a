import type { Coordination } from '../coordination/coordination.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Timings } from './lease/timings.ts';

export interface KeeperOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'random' | 'files' | 'databases' | 'commands' | 'log'>;
  /** Stays open until the keeper has stopped; whoever opened it closes it. */
  readonly coordination: Coordination;
  readonly coreId: Uuid;
  /** The data folder, which the keeper locks. */
  readonly folder: string;
  /** What the server process is started with, `['server', 'run-process', '--config', FILE]`. */
  readonly serverArgs: readonly string[];
  readonly version: string;
  readonly timings?: Timings;
  /**
   * Whether a coordinator that comes back at a lower revision was restored: one that makes every commit durable. The
   * embedded one may lose its last in a power cut.
   */
  readonly remembersRevision?: boolean;
  /**
   * How long this server may have been away to take roles again without having heard others: what it knew is still so.
   * Ten minutes when left out; `witnesses` changes it.
   */
  readonly memoryMs?: number;
  /** Where the coordinator is, and to go to another one that the pool has gone on with; with the pool's own etcd. */
  readonly whereabouts?: {
    endpoints(): readonly string[];
    follow(endpoints: readonly string[]): Promise<void>;
  };
}

export interface Keeper extends AsyncDisposable {
  /** Whether this server holds the role right now and has not been asked to let go of it. */
  holds(role: string): boolean;
  /** Whether it takes no role before it has heard of more members. */
  readonly isWaiting: boolean;
  /** Members that are no servers, and how long this server may have been away to go on without hearing others. */
  witnesses(known: { listed: number; heard: number; memoryMs: number }): void;
  /** Stops the server in order, releases its roles and ends the session. Resolves when all of it is done. */
  stop(): Promise<void>;
  /** Resolves when the keeper has stopped, rejects when it cannot go on (the coordinator knows no pool). */
  readonly stopped: Promise<void>;
}
