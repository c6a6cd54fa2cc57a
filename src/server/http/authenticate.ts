import type { IncomingMessage } from 'node:http';
import type { Caller } from '../../access/caller.ts';
import { WatchError } from '../../model/errors.ts';
import type { ServerView } from './view.ts';

type Authority = Pick<ServerView, 'pool' | 'peerIdentity' | 'account' | 'apiToken'>;

/**
 * A bearer token counts before a certificate, so that a wrong one is never covered up by the right other.
 * Errors: WK_UNAUTHENTICATED, WK_DENIED (an agent's or a witness's certificate).
 */
export function authenticate(authority: Authority, request: IncomingMessage): Caller {
  const header = request.headers.authorization;
  if (header !== undefined) return byToken(authority, header);
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
  return { ...account, kind, session: null };
}

function byToken(authority: Authority, header: string): Caller {
  const token = /^Bearer ([!-~]{1,512})$/i.exec(header)?.[1];
  const account = token === undefined ? null : authority.apiToken(token);
  if (account === null)
    throw new WatchError(
      'WK_UNAUTHENTICATED',
      'the bearer token is unknown or has expired; make one with `watchkeeper token create`',
    );
  return { ...account, kind: 'token', session: null };
}
