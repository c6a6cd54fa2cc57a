import type { ActionOrder, ActionReport, ActionState } from './action.ts';

/** An answer of the node is waited for so long past the moment by which it was due. */
const graceMs = 10_000;

interface Known {
  readonly order: Pick<ActionOrder, 'nodeName' | 'deadlineMs' | 'timeoutMs'>;
  readonly started: Pick<ActionReport & { kind: 'started' }, 'atMs'> | null;
  readonly ended: Pick<ActionReport & { kind: 'ended' }, 'result' | 'because'> | null;
}

/**
 * What is true of an action, as far as it is known. What the node has told is; while it is silent past the time that it was
 * given, nothing is certain but that it begins no more: only the node knows whether it had begun.
 */
export function actionState(
  { order, started, ended }: Known,
  nowMs: number,
): { readonly state: ActionState; readonly because: string; readonly final: boolean } {
  if (ended !== null) return { state: ended.result, because: ended.because, final: true };
  const { nodeName, deadlineMs, timeoutMs } = order;
  if (started !== null) {
    // The clock of the node may be another; its time runs from the deadline at the latest.
    if (nowMs <= deadlineMs + timeoutMs + graceMs)
      return { state: 'running', because: `${nodeName} has begun`, final: false };
    const because = `${nodeName} had begun, and has not told how it ended; it will when it is back`;
    return { state: 'unknown', because, final: false };
  }
  if (nowMs <= deadlineMs + graceMs)
    return { state: 'asked', because: `${nodeName} has not begun yet`, final: false };
  const because = `${nodeName} has not been heard of it, and begins no more; whether it had begun it tells when it is back`;
  return { state: 'unknown', because, final: false };
}
