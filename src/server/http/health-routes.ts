import { z } from 'zod';
import { virtualInterfacePrefix } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import { errorAnswers, type App, type Parts } from './app.ts';

const okSchema = z.object({ status: z.literal('ok') });
const ok = { status: 'ok' } as const;

export function healthRoutes(app: App, { view, metrics }: Parts): void {
  app.route({
    method: 'GET',
    url: '/healthz',
    schema: {
      summary: 'Answers while the process works',
      security: [],
      response: { 200: okSchema, ...errorAnswers },
    },
    handler: async () => ok,
  });

  app.route({
    method: 'GET',
    url: '/readyz',
    schema: {
      summary: 'Answers 200 while this server can serve operators and agents',
      security: [],
      response: { 200: okSchema, ...errorAnswers },
    },
    handler: async () => {
      const { ready, because } = view.readiness();
      if (!ready) throw new WatchError('WK_UNAVAILABLE', `not ready: ${because}`);
      return ok;
    },
  });

  app.route({
    method: 'GET',
    url: '/healthz/virtual/:name',
    schema: {
      summary: 'For load balancers: 200 only on the holder of the virtual interface, 503 on any other server',
      security: [],
      params: z.strictObject({ name: z.string().min(1).max(63) }),
      response: { 200: okSchema, ...errorAnswers },
    },
    handler: async ({ params }) => {
      const role = virtualInterfacePrefix + params.name;
      if (view.holds(role)) return ok;
      if ((await view.role(role)) !== null) throw new WatchError('WK_NOT_HOLDER');
      throw new WatchError('WK_NOT_FOUND', `there is no virtual interface ${params.name}`);
    },
  });

  app.route({
    method: 'GET',
    url: '/metrics',
    schema: {
      summary: 'Metrics in the Prometheus text format',
      produces: ['text/plain'],
      response: { 200: z.string(), ...errorAnswers },
    },
    handler: async (_request, reply) => {
      reply.header('content-type', metrics.contentType);
      return reply.serializer(String).send(await metrics.text(view.metrics()));
    },
  });
}
