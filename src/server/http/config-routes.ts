import {
  configAnswerSchema,
  configBytesMax,
  configPageSchema,
  configQuerySchema,
  configRequestSchema,
  definitionRevisionSchema,
  historyQuerySchema,
  previewRequestSchema,
  previewSchema,
  historySchema,
  revisionQuerySchema,
} from '../../model/config.ts';
import { errorAnswers, type App, type Parts } from './app.ts';
import { known } from './authorize.ts';

export function configRoutes(app: App, { view }: Parts): void {
  const { config } = view;

  app.route({
    method: 'GET',
    url: '/api/v1/config',
    schema: {
      summary: 'Every definition that people write, in pages',
      querystring: configQuerySchema,
      response: { 200: configPageSchema, ...errorAnswers },
    },
    handler: async ({ query, caller }) => config.page(query.after, known(caller)),
  });

  app.route({
    method: 'POST',
    url: '/api/v1/config',
    bodyLimit: 2 * configBytesMax,
    schema: {
      summary: 'Changes definitions, all that are given or none',
      description:
        'Each with the revision that it was seen at; when one of them has another by now, nothing is done.',
      body: configRequestSchema,
      response: { 200: configAnswerSchema, ...errorAnswers },
    },
    handler: async ({ body: { changes, via, hold }, caller }) => ({
      revision: await config.apply(changes, known(caller), { via, hold }),
    }),
  });

  app.route({
    method: 'POST',
    url: '/api/v1/config/preview',
    bodyLimit: 2 * configBytesMax,
    schema: {
      summary:
        'What is wrong with a definition that is being written, what it would change, and on which nodes',
      body: previewRequestSchema,
      response: { 200: previewSchema, ...errorAnswers },
    },
    handler: async ({ body, caller }) => config.preview(body, known(caller)),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/config/history',
    schema: {
      summary: 'Who changed which definition, when and how, the newest first',
      querystring: historyQuerySchema,
      response: { 200: historySchema, ...errorAnswers },
    },
    handler: async ({ query, caller }) => ({ changes: [...config.history(query, known(caller))] }),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/config/definition',
    schema: {
      summary: 'One definition, as it is or as it was at a revision',
      querystring: revisionQuerySchema,
      response: { 200: definitionRevisionSchema, ...errorAnswers },
    },
    handler: async ({ query, caller }) => config.revision(query, known(caller)),
  });
}
