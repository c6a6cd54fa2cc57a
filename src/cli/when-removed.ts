import type { Coordination } from '../coordination/coordination.ts';

/** Tells when the definition of a server or witness is gone: there is nothing to keep running then. */
export function whenRemoved(coordination: Coordination, key: string, removed: () => void): Disposable {
  let highest = 0;
  const watch = coordination.watch(key, 0, ({ reset, revision, items }) => {
    const wentBack = reset && revision < highest;
    highest = Math.max(highest, revision);
    const last = items.findLast((item) => item.key === key);
    if (!wentBack && (last === undefined ? reset : last.value === null)) removed();
  });
  return { [Symbol.dispose]: () => watch.close() };
}
