import type { WhoAmI } from '../../../src/model/users-api.ts';
import { Store } from '../browser/store.ts';
import { readSaved, save } from '../browser/saved.ts';

/**
 * Who is signed in, as far as the browser knows. Modes: looking, signed out, signed in.
 * looking -> signed in or out by the answer to a first question; signed in -> signed out when a server says that it does
 * not know us any more. The page stays as it is then, under the form.
 */
export type Session =
  | { readonly mode: 'looking' }
  | { readonly mode: 'signed out'; readonly because: string | null }
  | { readonly mode: 'signed in'; readonly by: 'token' | 'certificate' | 'password'; readonly who: WhoAmI };

export const session = new Store<Session>({ mode: 'looking' });

const tokenKey = 'token';

/** The API token to show, until the tab is closed. */
export function currentToken(): string | null {
  return readSaved('session', tokenKey);
}

export function keepToken(token: string): void {
  save('session', tokenKey, token.trim());
}

export function forgetToken(): void {
  save('session', tokenKey, null);
}

/**
 * A token behind `#token=` of the address, which no server ever sees; it is taken out of the address at once. Returns what
 * else a console at another address handed over.
 */
export function takeFromAddress(): URLSearchParams {
  const given = new URLSearchParams(window.location.hash.slice(1));
  const token = given.get('token');
  if (token === null && !given.has('selected')) return new URLSearchParams();
  if (token !== null && /^[!-~]+$/.test(token)) keepToken(token);
  window.history.replaceState(null, '', window.location.pathname + window.location.search);
  return given;
}

export function signedOut(because: string | null): void {
  forgetToken();
  session.set({ mode: 'signed out', because });
}
