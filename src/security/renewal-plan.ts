import type { IdentityKind } from '../model/identity.ts';
import { lifeMs, type Validity } from './lifetimes.ts';

/** What is known when it has to be decided whether to renew. Times named `…At…` are of the monotonic clock. */
export interface RenewalState {
  readonly kind: IdentityKind;
  readonly validity: Validity;
  /** When this certificate was received, or this process started with it. */
  readonly heldAtMs: number;
  /** Whether it came in this run, by a renewal. */
  readonly isFresh: boolean;
  /** Somebody wants a new one at once: a server refused ours, or another authority signs now. */
  readonly wanted: boolean;
  /** When the last attempt failed, and how many did one after the other. */
  readonly failedAtMs: number | null;
  readonly failures: number;
  /** From 0 up to but not including 1; spreads the renewals of many machines. */
  readonly draw: number;
}

export type RenewalDecision =
  | { readonly do: 'renew'; readonly because: 'half of its life is over' | 'a new one is wanted' }
  | { readonly do: 'wait'; readonly because: 'it is young' | 'it is new' | 'the last attempt failed' };

const minuteMs = 60_000;
const backoffMsMax = 60 * minuteMs;
/** A certificate that came a moment ago is not made better by the next one. */
const wantedAgainMs = 10 * minuteMs;

/** How often to ask `decideRenewal`: well within the life, and not rarer than hourly, since clocks are set anew. */
export function lookEveryMs(kind: IdentityKind, validity: Validity): number {
  return Math.min(60 * minuteMs, Math.max(1_000, lifeMs(kind, validity) / 50));
}

/**
 * A clock that is wrong must neither lead to a renewal at each look nor to none in time: by the wall clock a certificate
 * is renewed at half its life, but one that came in this run not before a quarter of it; by the monotonic clock it is
 * renewed when it was held for half its life, whatever the wall says.
 */
export function decideRenewal(state: RenewalState, wallMs: number, monotonicMs: number): RenewalDecision {
  const { kind, validity, heldAtMs, isFresh, wanted, failedAtMs, failures, draw } = state;
  const backoffMs = Math.min(backoffMsMax, minuteMs * 2 ** Math.min(failures - 1, 10)) * (0.5 + draw / 2);
  if (failedAtMs !== null && monotonicMs < failedAtMs + backoffMs)
    return { do: 'wait', because: 'the last attempt failed' };
  const life = lifeMs(kind, validity);
  const heldMs = monotonicMs - heldAtMs;
  if (wanted && (!isFresh || heldMs >= Math.min(wantedAgainMs, life / 4)))
    return { do: 'renew', because: 'a new one is wanted' };
  const earlyMs = (draw * life) / 10;
  const isHalfOver = wallMs >= validity.notAfterMs - life / 2 - earlyMs || heldMs >= life / 2 - earlyMs;
  if (!isHalfOver) return { do: 'wait', because: 'it is young' };
  if (isFresh && heldMs < life / 4) return { do: 'wait', because: 'it is new' };
  return { do: 'renew', because: 'half of its life is over' };
}
