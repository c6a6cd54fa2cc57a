import type { IncomingMessage } from 'node:http';
import type { Caller } from '../../access/caller.ts';
import { isSessionText } from '../../access/session-token.ts';
import { WatchError } from '../../model/errors.ts';
import { assertSameSite } from './same-site.ts';
import { sessionCookie } from './session-cookie.ts';
import type { ServerView } from './view.ts';

type Authority = Pick<ServerView, 'pool' | 'peerIdentity' | 'account' | 'apiToken' | 'access'>;

/**
 * Who makes the request. A bearer token counts before a cookie, and that before a certificate, so that a wrong one is
 * never covered up by the right other. `mayIdle`: the request goes on all the time (a live stream).
 * Errors: WK_UNAUTHENTICATED, WK_DENIED (a certificate of a kind that does not use the API, another site's request).
 */
export function authenticate(authority: Authority, request: IncomingMessage, mayIdle = false): Caller {
  const header = request.headers.authorization;
  if (header !== undefined) return byToken(authority, header, mayIdle);
  const cookie = sessionCookie(request.headers.cookie);
  if (cookie !== null) {
    assertSameSite(request);
    return bySession(authority, cookie, mayIdle, true);
  }
  return byCertificate(authority, request);
}

function byCertificate(authority: Authority, request: IncomingMessage): Caller {
  const identity = authority.peerIdentity(request);
  if (identity === null) throw new WatchError('WK_UNAUTHENTICATED');
  if (identity.pool !== authority.pool)
    throw new WatchError(
      'WK_UNAUTHENTICATED',
      'the certificate belongs to another pool; use one of this pool',
    );
  const { kind } = identity;
  if (kind !== 'user' && kind !== 'server')
    throw new WatchError(
      'WK_DENIED',
      `a certificate of kind ${kind} may not use the API; use a user's or a token`,
    );
  const account = authority.account(identity);
  if (account === null)
    throw new WatchError('WK_UNAUTHENTICATED', `this ${kind} was removed from the pool, or is disabled`);
  // A browser would send a certificate with another site's request too.
  assertSameSite(request, { needsHeader: false });
  return { ...account, kind, session: null, byCookie: false };
}

function byToken(authority: Authority, header: string, mayIdle: boolean): Caller {
  const token = /^Bearer ([!-~]{1,1024})$/i.exec(header)?.[1] ?? '';
  if (isSessionText(token)) return bySession(authority, token, mayIdle, false);
  const account = authority.apiToken(token);
  if (account === null)
    throw new WatchError(
      'WK_UNAUTHENTICATED',
      'the bearer token is unknown or has expired; make one with `watchkeeper token create`',
    );
  return { ...account, kind: 'token', session: null, byCookie: false };
}

function bySession({ access }: Authority, text: string, mayIdle: boolean, byCookie: boolean): Caller {
  const found = access.session(text, mayIdle);
  if (found === null) throw new WatchError('WK_UNAUTHENTICATED', 'the session is over; sign in again');
  return { ...found.account, kind: 'user', session: found.claims, byCookie };
}
