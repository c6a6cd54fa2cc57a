import { z } from 'zod';
import { nameSchema } from '../../model/definitions.ts';
import {
  doneSchema,
  sessionsSchema,
  tokenAnswerSchema,
  tokenCreateSchema,
  tokensSchema,
} from '../../model/users-api.ts';
import { errorAnswers, type App, type Parts } from './app.ts';

const bodyLimit = 8 * 1_024;
const done = { done: true } as const;

export function tokenRoutes(app: App, { view }: Parts): void {
  const { access } = view;

  app.route({
    method: 'GET',
    url: '/api/v1/tokens',
    schema: {
      summary: 'Every service token, without its secret',
      response: { 200: tokensSchema, ...errorAnswers },
    },
    handler: async () => ({ tokens: [...(await access.tokens())] }),
  });

  app.route({
    method: 'POST',
    url: '/api/v1/tokens',
    bodyLimit,
    schema: {
      summary: 'Makes a service token; only this answer has its text',
      body: tokenCreateSchema,
      response: { 200: tokenAnswerSchema, ...errorAnswers },
    },
    handler: async ({ body }) => ({ token: await access.createToken(body) }),
  });

  app.route({
    method: 'DELETE',
    url: '/api/v1/tokens/:name',
    schema: {
      summary: 'Revokes a service token, by its name or ID',
      params: z.strictObject({ name: nameSchema }),
      response: { 200: doneSchema, ...errorAnswers },
    },
    handler: async ({ params }) => {
      await access.revokeToken(params.name);
      return done;
    },
  });
}

export function sessionListRoutes(app: App, { view }: Parts): void {
  const { access } = view;

  app.route({
    method: 'GET',
    url: '/api/v1/sessions',
    schema: {
      summary: 'Sessions of people that are not over, the newest first',
      response: { 200: sessionsSchema, ...errorAnswers },
    },
    handler: async () => ({ sessions: [...access.sessions()] }),
  });

  app.route({
    method: 'DELETE',
    url: '/api/v1/sessions/:id',
    schema: {
      summary: "Ends somebody's session on every server",
      params: z.strictObject({ id: z.string().regex(/^[0-9a-f]{16,64}$/) }),
      response: { 200: doneSchema, ...errorAnswers },
    },
    handler: async ({ params }) => {
      await access.endSession(params.id);
      return done;
    },
  });
}
