/** What stands between the buffer and the connection right now. */
export interface SendState {
  /** Batches without any answer yet, and how many may be. */
  readonly unanswered: number;
  readonly windowBatches: number;
  /** Messages that wait to be sent, about; since when the oldest of them does. */
  readonly unsentCount: number;
  readonly unsentSinceMs: number;
  /** The server asked us to wait until then. */
  readonly pausedUntilMs: number;
  /** Batches that one server has and that wait for word of the second copy. */
  readonly awaitingSecond: number;
}

export type SendDecision =
  | { readonly do: 'send'; readonly because: 'idle' | 'enough for a batch' | 'waited long enough' }
  | { readonly do: 'send stored once'; readonly because: 'nothing else to send' }
  | {
      readonly do: 'wait';
      readonly because:
        'window is full' | 'server asked to wait' | 'gathering a batch' | 'second copies are outstanding';
      /** When to ask again by the clock; null: after the next answer, or when there is room. */
      readonly untilMs: number | null;
    };

/** While this many batches are unanswered, a small batch waits for more messages, but not for long. */
const unansweredFew = 2;
const enoughForBatch = 200;
const gatherMs = 20;

/** A message that comes to an idle stream goes at once; grouping begins only when answers are outstanding. */
export function decideSend(state: SendState, nowMs: number): SendDecision {
  if (state.pausedUntilMs > nowMs)
    return { do: 'wait', because: 'server asked to wait', untilMs: state.pausedUntilMs };
  if (state.unanswered >= state.windowBatches)
    return { do: 'wait', because: 'window is full', untilMs: null };
  if (state.unsentCount === 0) return whenIdle(state);
  if (state.unsentCount >= enoughForBatch) return { do: 'send', because: 'enough for a batch' };
  if (state.unanswered < unansweredFew) return { do: 'send', because: 'idle' };
  const dueMs = state.unsentSinceMs + gatherMs;
  if (dueMs <= nowMs) return { do: 'send', because: 'waited long enough' };
  return { do: 'wait', because: 'gathering a batch', untilMs: dueMs };
}

function whenIdle(state: SendState): SendDecision {
  return state.awaitingSecond === 0
    ? { do: 'send stored once', because: 'nothing else to send' }
    : { do: 'wait', because: 'second copies are outstanding', untilMs: null };
}
