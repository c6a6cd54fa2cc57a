import { WatchError } from '../model/errors.ts';
import type { Timers } from '../runtime/clock.ts';
import { sleep } from '../runtime/timing.ts';
import type { Change, Coordination } from './coordination.ts';

/** What becomes of one call. `lost: answer` is the nasty one: it was done, and the caller hears that it failed. */
export interface CallFault {
  readonly requestMs: number;
  readonly answerMs: number;
  readonly lost: 'nothing' | 'request' | 'answer';
}

export interface CoordinationFaults {
  call(kind: 'get' | 'list' | 'transact'): CallFault;
  /** By how much a change is late at a watcher; null while cut off, asked again after `retryMs`. */
  watchMs(): number | null;
  readonly retryMs: number;
  /** After this long the caller hears that there is no answer, whatever still happens to the call. */
  readonly callMs: number;
}

/** Another coordinator, made slow, cut off or mute by whoever hands in `faults`. Watched changes keep their order. */
export function faultyCoordination(
  inner: Coordination,
  timers: Timers,
  faults: CoordinationFaults,
): Coordination {
  const call = <T>(kind: 'get' | 'list' | 'transact', run: () => Promise<T>): Promise<T> =>
    withFault(timers, faults.call(kind), faults.callMs, run);
  return {
    get: (key) => call('get', () => inner.get(key)),
    list: (prefix) => call('list', () => inner.list(prefix)),
    transact: (transaction) => call('transact', () => inner.transact(transaction)),
    watch: (prefix, from, onChange) => lateWatch(inner, timers, faults, prefix, from, onChange),
    close: () => inner.close(),
  };
}

function withFault<T>(timers: Timers, fault: CallFault, callMs: number, run: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = timers.after(callMs, () =>
      reject(new WatchError('WK_COORDINATOR_AWAY', `the coordinator did not answer within ${callMs} ms`)),
    );
    const settle = (finish: () => void): void => {
      if (fault.lost === 'answer') return;
      timers.after(fault.answerMs, () => {
        timer.cancel();
        finish();
      });
    };
    if (fault.lost === 'request') return;
    void sleep(timers, fault.requestMs)
      .then(run)
      .then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error instanceof Error ? error : new Error(String(error)))),
      );
  });
}

function lateWatch(
  inner: Coordination,
  timers: Timers,
  faults: CoordinationFaults,
  prefix: string,
  from: number,
  onChange: (change: Change) => void,
): { close(): void } {
  const queue: Change[] = [];
  let closed = false;
  const pump = (): void => {
    if (closed || queue.length === 0) return;
    const delayMs = faults.watchMs();
    if (delayMs === null) return void timers.after(faults.retryMs, pump);
    timers.after(delayMs, () => {
      const change = queue.shift();
      if (change !== undefined && !closed) onChange(change);
      pump();
    });
  };
  const watch = inner.watch(prefix, from, (change) => {
    queue.push(change);
    if (queue.length === 1) pump();
  });
  return {
    close() {
      closed = true;
      watch.close();
    },
  };
}
