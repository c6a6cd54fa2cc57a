import fastify from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import type { HttpHandler } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { WatchError } from '../../model/errors.ts';
import { invariant } from '../../model/invariant.ts';
import { whyNotParsed } from '../../model/json-bounds.ts';
import type { App, Parts } from './app.ts';
import type { Caller } from '../../access/caller.ts';
import { actionRoutes } from './action-routes.ts';
import { audited } from './audited.ts';
import { certificateRoutes } from './certificate-routes.ts';
import { compressAnswers } from './compress-answers.ts';
import { configRoutes } from './config-routes.ts';
import { ConsoleFiles } from './console-files.ts';
import { consoleRoutes } from './console-routes.ts';
import { depotRoutes } from './depot-routes.ts';
import { describe } from './describe.ts';
import { answerError, notFound } from './error-answer.ts';
import { eventRoutes } from './event-routes.ts';
import { guard } from './guard.ts';
import { healthRoutes } from './health-routes.ts';
import { messageRoutes } from './message-routes.ts';
import { Metrics } from './metrics.ts';
import { poolRoutes } from './pool-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { profileRoutes } from './profile-routes.ts';
import { roleRoutes } from './role-routes.ts';
import { passwordRoutes, sessionRoutes } from './session-routes.ts';
import { auditRoutes, userRoleRoutes, userRoutes } from './user-routes.ts';
import { securityHeaders } from './security-headers.ts';
import { explainRoutes } from './explain-routes.ts';
import { sessionListRoutes, tokenRoutes } from './token-routes.ts';
import type { ServerView } from './view.ts';

const bodyBytesMax = 256 * 1_024;
const bodyBounds = { depthMax: 64 };

const routeSets = [
  messageRoutes,
  certificateRoutes,
  poolRoutes,
  roleRoutes,
  policyRoutes,
  actionRoutes,
  configRoutes,
  depotRoutes,
  profileRoutes,
  sessionRoutes,
  passwordRoutes,
  userRoutes,
  userRoleRoutes,
  auditRoutes,
  tokenRoutes,
  sessionListRoutes,
  explainRoutes,
  eventRoutes,
  healthRoutes,
  consoleRoutes,
];

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
  }
}

/**
 * The HTTP API of one server. It owns no socket: `handler` is given to whoever listens, and `close` ends the live
 * streams and refuses what still comes. `consoleFolder` holds the built console; null where there is none.
 */
export async function createHttp(
  view: ServerView,
  runtime: Pick<Runtime, 'timers' | 'random' | 'log' | 'files'>,
  consoleFolder: string | null,
): Promise<{ handler: HttpHandler; routes: readonly string[]; close(): Promise<void> }> {
  const consoleFiles = new ConsoleFiles(runtime.files, consoleFolder);
  const parts: Parts = { view, ...runtime, metrics: new Metrics(), consoleFiles, streams: new Map() };
  const app = makeApp(parts);
  const routes = recordRoutes(app);
  guard(app, parts);
  await describe(app);
  await compressAnswers(app);
  for (const add of routeSets) add(app, parts);
  await app.ready();
  return {
    handler: (request, response) => {
      // Here and not in a hook: what is refused before any hook runs has them too.
      for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
      app.routing(request, response);
    },
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
  boundDepth(app);
  app.setValidatorCompiler(validatorCompiler);
  // The schemas of answers describe them; checking every message again on its way out would only cost time.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler((error, request, reply) => answerError(parts.log, error, request, reply));
  app.setNotFoundHandler(notFound);
  return app;
}

/** As on the link, how deep a body nests is told from its bytes, before a parser sees them. */
function boundDepth(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = Buffer.from(body);
    const why = whyNotParsed(bytes, bodyBounds);
    if (why === null) return parse(request, bytes.toString('utf8'), done);
    done(new WatchError('WK_BAD_REQUEST', `the body is not read: ${why}`));
  });
}

function recordRoutes(app: App): string[] {
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) {
      const route = `${one} ${url}`;
      invariant(one === 'GET' || audited[route] !== undefined, `${route} has no row in audited.ts`);
      routes.push(route);
    }
  });
  return routes;
}

async function close(app: App, parts: Parts): Promise<void> {
  for (const end of parts.streams.keys()) end();
  await app.close();
}
