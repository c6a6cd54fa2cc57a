import type { Journal } from '../../journal/journal.ts';
import type { Positions } from '../../model/origin.ts';
import { textOf } from '../../model/errors.ts';
import type { Clock, Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { every } from '../../runtime/timing.ts';
import { lagStep, type LagState } from './lag.ts';

const probeEveryMs = 5_000;
/** Once something is wrong, so that a server is back soon after somebody made room. */
const probeAgainMs = 1_000;
const commitMsMax = 1_000;
const lagMsMax = 10_000;
/** The keeper takes no longer word from us, and one that it does not take looks like silence. */
const becauseCharsMax = 256;

export interface Health {
  readonly healthy: boolean;
  readonly because: string;
  readonly lagMs: number;
}

interface Ports {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** What the database found at start was moved aside for. */
  readonly damaged: string | null;
  /** What every connected member told that it has. */
  memberPositions(): readonly Positions[];
  /** How many servers the pool lists, this one included. */
  listed(): number;
}

/**
 * Whether this server may be trusted with a role: it commits within a second, it is less than 10 s behind, and if it
 * had to start empty it has caught up with a member since.
 */
export class HealthWatch {
  readonly #ports: Ports;
  readonly #timer: Timer;
  #lag: LagState = new Map();
  /** What was compared when nothing was missing. */
  #level: readonly Positions[] | null = null;
  #disk: string | null = null;
  #probedAtMs = Number.NEGATIVE_INFINITY;
  #caughtUp = false;
  #found: string | null = null;
  #told = true;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#timer = every(ports.timers, probeAgainMs, () => this.#probe(), 0);
  }

  now(): Health {
    const look = this.#look();
    const health = { ...look, because: look.because.slice(0, becauseCharsMax) };
    if (health.healthy !== this.#told) {
      const { log } = this.#ports;
      if (health.healthy) log.info('this server is healthy again', { because: health.because });
      else log.warn('this server is not healthy', { because: health.because });
    }
    this.#told = health.healthy;
    return health;
  }

  /** The database turned out to be damaged while it was in use: not healthy again in this run. */
  damaged(text: string): void {
    this.#found ??= text;
  }

  #look(): Health {
    const { journal, clock, damaged } = this.#ports;
    const theirs = this.#ports.memberPositions();
    const { lagMs, entries } = this.#lagBehind([journal.positions(), ...theirs], clock.monotonicMs());
    if (entries === 0 && (theirs.length > 0 || this.#ports.listed() <= 1)) this.#caughtUp = true;
    if (this.#found !== null)
      return { healthy: false, because: `its database is damaged: ${this.#found}`, lagMs };
    if (journal.trouble !== null)
      return { healthy: false, because: `it cannot commit: ${textOf(journal.trouble)}`, lagMs };
    if (this.#disk !== null) return { healthy: false, because: this.#disk, lagMs };
    if (damaged !== null && !this.#caughtUp) {
      return { healthy: false, because: 'its database was damaged and it has not caught up yet', lagMs };
    }
    if (lagMs > lagMsMax)
      return { healthy: false, because: `it is ${Math.round(lagMs / 1_000)} s behind`, lagMs };
    return { healthy: true, because: 'commits and is up to date', lagMs };
  }

  /** Asked four times a second; while nobody has moved since all were level, nothing need be compared. */
  #lagBehind(positions: readonly Positions[], nowMs: number): { lagMs: number; entries: number } {
    const level = this.#level;
    const nothing = { lagMs: 0, entries: 0 };
    if (level?.length === positions.length && positions.every((one, index) => one === level[index]))
      return nothing;
    const [ours = {}, ...theirs] = positions;
    const [state, lag] = lagStep(this.#lag, ours, theirs, nowMs);
    this.#lag = state;
    this.#level = lag.entries === 0 ? positions : null;
    return lag;
  }

  close(): void {
    this.#timer.cancel();
  }

  #probe(): void {
    const { journal, clock } = this.#ports;
    const startedMs = clock.monotonicMs();
    const isWell = this.#disk === null && journal.trouble === null;
    if (isWell && startedMs - this.#probedAtMs < probeEveryMs) return;
    this.#probedAtMs = startedMs;
    try {
      journal.probe();
      const tookMs = clock.monotonicMs() - startedMs;
      this.#disk = tookMs > commitMsMax ? `a commit took ${Math.round(tookMs)} ms` : null;
    } catch (error) {
      this.#disk = `it cannot commit: ${textOf(error)}`;
    }
  }
}
