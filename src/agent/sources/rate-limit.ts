import type { MessageDraft } from '../../model/message.ts';

/** Messages of the current minute, and how many were suppressed and not yet told of. */
export interface RateState {
  readonly windowStartMs: number;
  readonly passed: number;
  readonly suppressed: number;
}

const windowMs = 60_000;

/** Lets `count` messages through as far as the limit of this minute allows. */
export function limitRate(
  state: RateState,
  count: number,
  perMinuteMax: number,
  nowMs: number,
): { readonly state: RateState; readonly pass: number } {
  const current =
    nowMs - state.windowStartMs < windowMs ? state : { ...state, windowStartMs: nowMs, passed: 0 };
  const pass = Math.min(count, perMinuteMax - current.passed);
  return {
    pass,
    state: { ...current, passed: current.passed + pass, suppressed: current.suppressed + count - pass },
  };
}

/** True when the minute in which messages were suppressed is over, so that the remainder can be told. */
export function remainderIsDue(state: RateState, nowMs: number): boolean {
  return state.suppressed > 0 && nowMs - state.windowStartMs >= windowMs;
}

export function remainderMessage(policyName: string, count: number, perMinuteMax: number): MessageDraft {
  return {
    severity: 'warning',
    text: `${count} more suppressed: policy ${policyName} allows ${perMinuteMax} messages a minute`,
    application: 'watchkeeper',
    object: policyName,
    group: 'agent',
    key: `watchkeeper:suppressed:${policyName}`.slice(0, 256),
    attributes: { count: String(count), perMinuteMax: String(perMinuteMax) },
    source: 'agent',
  };
}
