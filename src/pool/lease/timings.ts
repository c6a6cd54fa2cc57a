import { WatchError } from '../../model/errors.ts';

/** Below the time in which a coordinator can be stopped, put back and started (`touchMs`, lease-standing.ts). */
const renewEveryMsMax = 2_500;

/** The time budget of a lease. All in milliseconds, except `rho`. */
export interface Timings {
  readonly renewEveryMs: number;
  /** A call to the coordinator without an answer for this long has an unknown outcome. */
  readonly callTimeoutMs: number;
  /** Pause before the coordinator is asked again after a call failed. */
  readonly retryMs: number;
  /** How long a server may take to stop acting for a role. */
  readonly stopBudgetMs: number;
  readonly ttlMs: number;
  /** How much faster or slower than real time a machine's monotonic clock may run: 0.01 is 1 %. */
  readonly rho: number;
  /** Kept free between the end of the holder's belief and the earliest takeover, for what a deadline check does not see. */
  readonly marginMs: number;
  /** A server process that was silent for this long counts as hung. */
  readonly hungAfterMs: number;
  /** The same before its first word: opening a large journal takes long. */
  readonly startWithinMs: number;
}

export const timingsDefault: Timings = {
  renewEveryMs: 500,
  callTimeoutMs: 400,
  retryMs: 100,
  stopBudgetMs: 500,
  ttlMs: 3_000,
  rho: 0.01,
  marginMs: 100,
  hungAfterMs: 2_000,
  startWithinMs: 300_000,
};

/**
 * For pools on one quiet network with fast disks: a lost host costs a second and a half at most, and a coordinator that
 * needs longer than 120 ms for a commit costs renewals. A new leader of etcd takes longer than this lease; what holds the
 * roles meanwhile is that every member confirms them.
 */
const timingsFast: Timings = {
  ...timingsDefault,
  renewEveryMs: 200,
  callTimeoutMs: 120,
  retryMs: 50,
  stopBudgetMs: 200,
  ttlMs: 1_200,
  hungAfterMs: 1_200,
};

/**
 * For servers that stand far apart, and coordinators with slow disks or slow ways to them: a call may take a second and a half, and
 * who is in charge costs a quarter of the traffic. A lost host costs twelve seconds at most.
 */
const timingsPatient: Timings = {
  ...timingsDefault,
  renewEveryMs: 2_000,
  callTimeoutMs: 1_500,
  retryMs: 400,
  stopBudgetMs: 2_000,
  ttlMs: 12_000,
  hungAfterMs: 8_000,
};

/** Timings by the name that a configuration calls them; all of them fit the budget. */
export const timingProfiles = {
  default: timingsDefault,
  fast: timingsFast,
  patient: timingsPatient,
} as const;

/** How often the keeper looks at what became due by itself. */
export function lookEveryMs({ renewEveryMs }: Timings): number {
  return Math.min(250, Math.max(20, renewEveryMs / 10));
}

/** How often a server process tells its keeper that it lives and how it is: several words may be late before it counts as hung. */
export function aliveEveryMs({ hungAfterMs }: Timings): number {
  return hungAfterMs / 8;
}

/** A longer gap between two looks means that the keeper slept itself; the server process cannot be blamed for it. */
export function ownPauseMs(timings: Timings): number {
  return Math.max(250, 5 * lookEveryMs(timings));
}

/** A server process says more often than this that it is alive. */
export function quietMs(timings: Timings): number {
  return Math.max(400, 1.6 * aliveEveryMs(timings));
}

/** How often the ends of a connection between servers look for each other. */
export function peerPingEveryMs({ renewEveryMs }: Timings): number {
  return Math.min(10_000, Math.max(200, 2 * renewEveryMs));
}

/** How long one renewal carries, counted from the moment before it was sent, on the holder's monotonic clock. */
export function beliefMs(timings: Timings): number {
  return timings.ttlMs * (1 - 2 * timings.rho) - timings.marginMs;
}

export function beliefEnd(sentMs: number, timings: Timings): number {
  return sentMs + beliefMs(timings);
}

/** Whether a rival that has seen one revision of a session for `seenForMs` on its own clock may end that session. */
export function rivalMayEnd(seenForMs: number, ttlMs: number, rho: number): boolean {
  return seenForMs >= rivalWaitMs(ttlMs, rho);
}

/** For how long, on its own clock, whoever might take a role leaves it to a holder that is silent or was promised it. */
export function rivalWaitMs(ttlMs: number, rho: number): number {
  return ttlMs * (1 + 2 * rho);
}

/**
 * Throws WK_CONFIG with the numbers unless one renewal may fail without costing a role: the wait for the next one, a
 * call that is already under way, the attempt, its reading back, a second attempt and the stop must fit into the belief.
 */
export function assertTimings(timings: Timings): void {
  for (const [name, value] of Object.entries(timings))
    if (!Number.isFinite(value) || value < 0)
      throw refusal(`${name} is ${value}; it must be a number from 0`);
  if (timings.rho >= 0.1) throw refusal(`rho is ${timings.rho}; a clock that wrong cannot hold a lease`);
  if (timings.renewEveryMs > renewEveryMsMax)
    throw refusal(
      `renewEveryMs is ${timings.renewEveryMs}; who writes less often than every ${renewEveryMsMax} ms would not notice a coordinator that was restored in between`,
    );
  const { renewEveryMs, callTimeoutMs, retryMs, stopBudgetMs, ttlMs } = timings;
  const neededMs = renewEveryMs + 4 * callTimeoutMs + 2 * retryMs + stopBudgetMs;
  const carriedMs = Math.floor(beliefMs(timings));
  if (neededMs > carriedMs)
    throw refusal(
      `a lease of ${ttlMs} ms carries ${carriedMs} ms, but a renewal that fails once needs ${neededMs} ms ` +
        `(renewEveryMs ${renewEveryMs}, four calls of ${callTimeoutMs}, two pauses of ${retryMs}, ` +
        `stopBudgetMs ${stopBudgetMs}): raise ttlMs or lower one of these`,
    );
}

function refusal(text: string): WatchError {
  return new WatchError('WK_CONFIG', `the lease's timings do not fit: ${text}`);
}
