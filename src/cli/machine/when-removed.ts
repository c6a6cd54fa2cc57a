import type { Coordination } from '../../coordination/coordination.ts';
import { keys } from '../../model/definitions.ts';
import { codeOf, textOf } from '../../model/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';

const retryMs = 1_000;

/**
 * Tells when the definition of a server or witness is gone: there is nothing to keep running then. A coordinator that went
 * back, or knows no pool at all (put back, or made anew and not filled yet), removes nobody.
 */
export function whenRemoved(
  { timers, log }: Pick<Runtime, 'timers' | 'log'>,
  coordination: Coordination,
  key: string,
  removed: () => void,
): Disposable {
  let highest = 0;
  const closed = new AbortController();
  const check = async (): Promise<void> => {
    while (!closed.signal.aborted)
      try {
        const pool = await coordination.get(keys.pool);
        if (pool !== null && (await coordination.get(key)) === null) removed();
        return;
      } catch (error) {
        if (codeOf(error) !== 'WK_COORDINATOR_AWAY') throw error;
        await sleep(timers, retryMs, closed.signal);
      }
  };
  const watch = coordination.watch(key, 0, ({ reset, revision, items }) => {
    const wentBack = reset && revision < highest;
    highest = Math.max(highest, revision);
    const last = items.findLast((item) => item.key === key);
    if (wentBack || (last === undefined ? !reset : last.value !== null)) return;
    check().catch((error: unknown) => {
      log.error('it cannot be told whether this machine was removed', { because: textOf(error) });
    });
  });
  return {
    [Symbol.dispose]: () => {
      closed.abort();
      watch.close();
    },
  };
}
