import type { IncomingMessage } from 'node:http';
import { WatchError } from '../../model/errors.ts';

/** Scripts of our own pages set it on every request; another site's page cannot without asking first. */
export const ownHeader = 'x-watchkeeper';

const harmless: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD']);

/**
 * That a request which a browser proves by itself (a cookie, a certificate) was made by our own pages. Programs that
 * are no browsers send none of these headers, and need none unless they come with a cookie. Errors: WK_DENIED.
 */
export function assertSameSite(request: IncomingMessage, { needsHeader = true } = {}): void {
  const { origin, host, 'sec-fetch-site': site } = request.headers;
  const isHarmless = harmless.has(request.method);
  if (origin !== undefined && origin !== `https://${host}`) throw denied();
  if (site !== undefined && site !== 'same-origin' && !(isHarmless && site === 'none')) throw denied();
  if (!isHarmless && needsHeader && (origin === undefined || request.headers[ownHeader] === undefined))
    throw denied();
}

function denied(): WatchError {
  return new WatchError('WK_DENIED', 'the request was made by a page of another site');
}
