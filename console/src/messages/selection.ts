import { Store } from '../browser/store.ts';
import { undertakings } from '../operations/operations.ts';

/** IDs of the selected messages. It outlives filters, reconnecting and reading anew: only people change it. */
export const selection = new Store<ReadonlySet<string>>(new Set());

export function toggleSelected(id: string): void {
  selection.update((before) => {
    const after = new Set(before);
    if (!after.delete(id)) after.add(id);
    return after;
  });
}

export function addSelected(ids: readonly string[]): void {
  selection.update((before) => new Set([...before, ...ids]));
}

export function clearSelection(): void {
  selection.set(new Set());
}

const cleared = new Set<string>();

// What was done to the selected messages is what they were selected for; those that it was not done to stay selected.
undertakings.subscribe(() => {
  for (const { key, mode, messages, failures, kind } of undertakings.get()) {
    if (mode !== 'done' || kind === 'annotate' || cleared.has(key)) continue;
    cleared.add(key);
    const failed = new Set(failures.map(({ message }) => message));
    const done = new Set(messages.filter((id) => !failed.has(id)));
    const kept = [...selection.get()].filter((id) => !done.has(id));
    if (kept.length !== selection.get().size) selection.set(new Set(kept));
  }
});
