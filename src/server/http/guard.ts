import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../../access/caller.ts';
import { consolePages } from '../../model/console-pages.ts';
import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import { routePermission } from '../../model/permissions.ts';
import type { App, Parts } from './app.ts';
import { audited } from './audited.ts';
import { authenticate } from './authenticate.ts';
import { authorize } from './authorize.ts';
import { assertSameSite } from './same-site.ts';
import { sessionCookie, setSessionCookie } from './session-cookie.ts';

/** Requests being answered at once, live streams included; beyond it WK_OVERLOADED. */
export const requestsMax = 1_024;

const consolePageRoutes: ReadonlySet<string> = new Set(
  Object.values(consolePages).map((page) => `GET ${page}`),
);

/** What happens before any route: headers, the cap on requests, who is asking, whether it may, and the audit trail. */
export function guard(app: App, parts: Parts): void {
  let running = 0;
  app.decorateRequest('caller', null);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    running++;
    // Told by the socket's side, since a stream taken out of fastify's hands ends without its hooks.
    reply.raw.once('close', () => {
      running--;
      parts.metrics.requestEnded(routeOf(request), reply.raw.statusCode);
    });
    if (running > requestsMax) throw new WatchError('WK_OVERLOADED');
    const route = routeOf(request);
    // A link from anywhere may lead to a page of the console; what the page then asks for comes from the page.
    if (consolePageRoutes.has(route)) return;
    if (routePermission(route)?.who === 'anyone') return assertSameSite(request.raw, { needsHeader: false });
    request.caller = admit(parts, request, route);
    await renewCookie(parts, request.caller, reply);
  });
  app.addHook('preHandler', async (request) => {
    const row = audited[routeOf(request)];
    if (row === undefined || typeof row === 'string') return;
    await parts.view.access.record({ ...whoOf(request), ...row(request), outcome: 'allowed' });
  });
}

export function routeOf(request: FastifyRequest): string {
  const url = request.routeOptions.url;
  return url === undefined ? 'none' : `${request.method} ${url}`;
}

export function addressOf(request: FastifyRequest): string {
  return request.raw.socket.remoteAddress ?? '';
}

function admit({ view }: Parts, request: FastifyRequest, route: string): Caller {
  try {
    const caller = authenticate(view, request.raw);
    request.caller = caller;
    if (route !== 'none') authorize(route, caller);
    return caller;
  } catch (error) {
    // Who brings no proof at all is a browser or a scanner; everybody else meant something.
    if (codeOf(error) === 'WK_DENIED' || hasProof(request))
      view.access.denied({ ...whoOf(request), action: 'request', target: route, detail: textOf(error) });
    throw error;
  }
}

function hasProof({ raw }: FastifyRequest): boolean {
  return raw.headers.authorization !== undefined || sessionCookie(raw.headers.cookie) !== null;
}

/** Who asks, as the audit trail names it. */
export function whoOf(request: FastifyRequest) {
  const { caller } = request;
  const from = addressOf(request);
  if (caller === null) return { kind: 'nobody', by: '', coreId: null, from, session: null } as const;
  const { kind, name, coreId, session } = caller;
  return { kind, by: name, coreId, from, session: session?.session ?? null };
}

/** A browser's session goes on as long as it is used. */
async function renewCookie(
  { view }: Parts,
  { session, byCookie }: Caller,
  reply: FastifyReply,
): Promise<void> {
  const renewed = session !== null && byCookie ? await view.access.renew(session) : null;
  if (renewed !== null) reply.header('set-cookie', setSessionCookie(renewed));
}
