import { z } from 'zod';
import { readSaved, save } from '../browser/saved.ts';
import { Store } from '../browser/store.ts';

const key = 'views';
const viewsMax = 50;
const viewsSchema = z.array(z.object({ name: z.string().min(1).max(64), search: z.string().max(2_000) }));

/** A filter with a name. `search`: as it stands in the address, so that a view is what a copied address is. */
export type SavedView = Readonly<z.infer<typeof viewsSchema>[number]>;

/** Views that were saved in this browser, by name. */
export const savedViews = new Store<readonly SavedView[]>(read());
savedViews.subscribe(() => save('local', key, JSON.stringify(savedViews.get())));

/** One of the same name is replaced. */
export function saveView(view: SavedView): void {
  savedViews.update((before) =>
    [...before.filter(({ name }) => name !== view.name), view]
      .toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
      .slice(0, viewsMax),
  );
}

export function removeView(name: string): void {
  savedViews.update((before) => before.filter((view) => view.name !== name));
}

function read(): readonly SavedView[] {
  try {
    return viewsSchema.parse(JSON.parse(readSaved('local', key) ?? '[]'));
  } catch {
    // Of another version, or edited by hand: views are a comfort, and begin anew.
    return [];
  }
}
