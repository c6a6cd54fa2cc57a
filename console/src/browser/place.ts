import { Store } from './store.ts';

/** Where in the console one is, as the address says it. */
export interface Place {
  readonly path: string;
  /** With its question mark, or empty. */
  readonly search: string;
}

const read = (): Place => ({ path: window.location.pathname, search: window.location.search });

export const place = new Store<Place>(read());
window.addEventListener('popstate', () => place.set(read()));

/** `replace` for what the back button should not stop at. */
export function go(to: string, { replace = false }: { replace?: boolean } = {}): void {
  if (to === window.location.pathname + window.location.search) return;
  if (replace) window.history.replaceState(null, '', to);
  else window.history.pushState(null, '', to);
  place.set(read());
}
