/** A text kept in the browser. One that forbids keeping things still gets a console that works until it is closed. */
export function readSaved(storage: 'local' | 'session', key: string): string | null {
  try {
    return area(storage).getItem(`watchkeeper.${key}`);
  } catch {
    return null;
  }
}

/** Null removes it. */
export function save(storage: 'local' | 'session', key: string, value: string | null): void {
  try {
    if (value === null) area(storage).removeItem(`watchkeeper.${key}`);
    else area(storage).setItem(`watchkeeper.${key}`, value);
  } catch {
    // Full or forbidden: what it was for is a comfort, and works without.
    return;
  }
}

function area(storage: 'local' | 'session'): Storage {
  return storage === 'local' ? window.localStorage : window.sessionStorage;
}
