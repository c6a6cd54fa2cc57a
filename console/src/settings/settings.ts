import { readSaved, save } from '../browser/saved.ts';
import { Store } from '../browser/store.ts';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

/** What somebody chose for this browser. */
export interface Settings {
  readonly theme: Theme;
  /** IANA name of a time zone; null for the browser's. */
  readonly zone: string | null;
}

export const settings = new Store<Settings>(read());
settings.subscribe(() => {
  save('local', 'theme', settings.get().theme);
  save('local', 'zone', settings.get().zone);
  applyTheme();
});

/** The browser's own choice counts unless another was made. */
export function applyTheme(): void {
  document.documentElement.dataset['theme'] = settings.get().theme;
}

function read(): Settings {
  const zone = readSaved('local', 'zone');
  return {
    theme: themes.find((one) => one === readSaved('local', 'theme')) ?? 'system',
    zone: zone !== null && isZone(zone) ? zone : null,
  };
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
