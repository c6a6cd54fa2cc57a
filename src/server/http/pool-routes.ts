import { z } from 'zod';
import { nodeViewSchema, poolStatusSchema } from '../../model/api.ts';
import { interfacesAnswerSchema, interfacesRequestSchema } from '../../model/published-addresses.ts';
import { known, seenBy } from './authorize.ts';
import { errorAnswers, type App, type Parts } from './app.ts';
import { description } from './describe.ts';

export function poolRoutes(app: App, { view }: Parts): void {
  app.route({
    method: 'GET',
    url: '/api/v1/pool',
    schema: {
      summary: 'The pool as the answering server sees it',
      response: { 200: poolStatusSchema, ...errorAnswers },
    },
    handler: async ({ caller }) => view.poolStatus(seenBy(caller)),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/nodes',
    schema: {
      summary: 'Every node, and the server that its agent is connected to',
      response: { 200: z.object({ nodes: z.array(nodeViewSchema) }), ...errorAnswers },
    },
    handler: async ({ caller }) => ({ nodes: [...(await view.nodes(seenBy(caller)))] }),
  });

  app.route({
    method: 'POST',
    url: '/api/v1/servers/:server/interfaces',
    schema: {
      summary: 'Sets which addresses a server publishes to the others and to agents',
      params: z.strictObject({ server: z.string().min(1).max(64) }),
      body: interfacesRequestSchema,
      response: { 200: interfacesAnswerSchema, ...errorAnswers },
    },
    handler: async ({ params, body, caller }) => {
      return view.changeInterfaces(params.server, body, known(caller).name);
    },
  });

  app.route({
    method: 'GET',
    url: '/api/v1/openapi.json',
    schema: {
      summary: 'This description, as OpenAPI 3.1',
      response: { 200: z.looseObject({ openapi: z.string() }), ...errorAnswers },
    },
    handler: async () => description(app),
  });
}
