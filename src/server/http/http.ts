import fastify, { type FastifyRequest } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import type { HttpHandler } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { WatchError } from '../../model/errors.ts';
import type { App, Parts } from './app.ts';
import type { Caller } from '../../access/caller.ts';
import { routePermission } from '../../model/permissions.ts';
import { authenticate } from './authenticate.ts';
import { authorize } from './authorize.ts';
import { certificateRoutes } from './certificate-routes.ts';
import { describe } from './describe.ts';
import { answerError, notFound } from './error-answer.ts';
import { eventRoutes } from './event-routes.ts';
import { healthRoutes } from './health-routes.ts';
import { messageRoutes } from './message-routes.ts';
import { Metrics } from './metrics.ts';
import { poolRoutes } from './pool-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { roleRoutes } from './role-routes.ts';
import { securityHeaders } from './security-headers.ts';
import type { ServerView } from './view.ts';

/** Requests being answered at once, live streams included; beyond it WK_OVERLOADED. */
export const requestsMax = 1_024;
const bodyBytesMax = 256 * 1_024;

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
  }
}

/**
 * The HTTP API of one server. It owns no socket: `handler` is given to whoever listens, and `close` ends the live
 * streams and refuses what still comes.
 */
export async function createHttp(
  view: ServerView,
  runtime: Pick<Runtime, 'timers' | 'random' | 'log'>,
): Promise<{ handler: HttpHandler; routes: readonly string[]; close(): Promise<void> }> {
  const parts: Parts = { view, ...runtime, metrics: new Metrics(), streams: new Set() };
  const app = makeApp(parts);
  const routes = recordRoutes(app);
  guard(app, parts);
  await describe(app);
  for (const add of [
    messageRoutes,
    certificateRoutes,
    poolRoutes,
    roleRoutes,
    policyRoutes,
    eventRoutes,
    healthRoutes,
  ])
    add(app, parts);
  await app.ready();
  return {
    handler: (request, response) => app.routing(request, response),
    routes,
    close: () => close(app, parts),
  };
}

function makeApp(parts: Parts): App {
  const app = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 128, ignoreTrailingSlash: false },
    genReqId: () => Buffer.from(parts.random.bytes(8)).toString('hex'),
    frameworkErrors: (error, request, reply) => void answerError(parts.log, error, request, reply),
  });
  // Only JSON is read: a form or text/plain body could be sent across sites by a browser without asking.
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(validatorCompiler);
  // The schemas of answers describe them; checking every message again on its way out would only cost time.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler((error, request, reply) => answerError(parts.log, error, request, reply));
  app.setNotFoundHandler(notFound);
  return app;
}

function recordRoutes(app: App): string[] {
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) routes.push(`${one} ${url}`);
  });
  return routes;
}

/** What happens before any route: headers, the cap on requests, and the question who is asking. */
function guard(app: App, parts: Parts): void {
  let running = 0;
  app.decorateRequest('caller', null);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...securityHeaders, 'x-request-id': request.id });
    running++;
    // Told by the socket's side, since a stream taken out of fastify's hands ends without its hooks.
    reply.raw.once('close', () => {
      running--;
      parts.metrics.requestEnded(routeOf(request), reply.raw.statusCode);
    });
    if (running > requestsMax) throw new WatchError('WK_OVERLOADED');
    const route = routeOf(request);
    if (routePermission(route)?.who === 'anyone') return;
    request.caller = authenticate(parts.view, request.raw);
    if (route !== 'none') authorize(route, request.caller);
  });
}

function routeOf(request: FastifyRequest): string {
  const url = request.routeOptions.url;
  return url === undefined ? 'none' : `${request.method} ${url}`;
}

async function close(app: App, parts: Parts): Promise<void> {
  for (const end of parts.streams) end();
  await app.close();
}
