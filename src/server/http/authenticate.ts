import type { IncomingMessage } from 'node:http';
import { WatchError } from '../../model/errors.ts';
import type { ServerView } from './view.ts';

/** Who makes a request: the name goes into what they do to messages. */
export interface Caller {
  readonly kind: 'user' | 'server' | 'token';
  readonly name: string;
}

type Authority = Pick<ServerView, 'pool' | 'peerIdentity' | 'nameOf' | 'findApiToken'>;

/**
 * A bearer token counts before a certificate, so that a wrong one is never covered up by the right other.
 * Errors: WK_UNAUTHENTICATED, WK_DENIED (an agent's or a witness's certificate).
 */
export async function authenticate(authority: Authority, request: IncomingMessage): Promise<Caller> {
  const header = request.headers.authorization;
  if (header !== undefined) return byToken(authority, header);
  const identity = authority.peerIdentity(request);
  if (identity === null) throw new WatchError('WK_UNAUTHENTICATED');
  if (identity.pool !== authority.pool)
    throw new WatchError(
      'WK_UNAUTHENTICATED',
      'the certificate belongs to another pool; use one of this pool',
    );
  if (identity.kind === 'agent' || identity.kind === 'witness')
    throw new WatchError(
      'WK_DENIED',
      `${identity.kind === 'agent' ? 'an agent' : 'a witness'} may not use the API; use a user certificate or a token`,
    );
  return { kind: identity.kind, name: await authority.nameOf(identity) };
}

async function byToken(authority: Authority, header: string): Promise<Caller> {
  const token = /^Bearer ([!-~]{1,512})$/i.exec(header)?.[1];
  const name = token === undefined ? null : await authority.findApiToken(token);
  if (name === null)
    throw new WatchError(
      'WK_UNAUTHENTICATED',
      'the bearer token is unknown or has expired; make one with `watchkeeper token create`',
    );
  return { kind: 'token', name: `token ${name}` };
}
