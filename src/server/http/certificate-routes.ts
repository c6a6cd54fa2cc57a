import { joinAnswerSchema, joinRequestSchema } from '../../model/api.ts';
import { renewAnswerSchema, renewRequestSchema } from '../../model/trust.ts';
import { errorAnswers, type App, type Parts } from './app.ts';

const joinBodyBytesMax = 16 * 1_024;

/** Where certificates come from; what proves the caller is in the request. */
export function certificateRoutes(app: App, { view }: Parts): void {
  app.route({
    method: 'POST',
    url: '/api/v1/join',
    bodyLimit: joinBodyBytesMax,
    schema: {
      summary: 'Exchanges a join token and a public key for a certificate',
      security: [],
      body: joinRequestSchema,
      response: { 200: joinAnswerSchema, ...errorAnswers },
    },
    handler: async ({ body, ip }) => view.join(body, ip),
  });

  app.route({
    method: 'POST',
    url: '/api/v1/renew',
    bodyLimit: joinBodyBytesMax,
    schema: {
      summary: 'Exchanges a certificate, which may have expired, for a new one',
      security: [],
      body: renewRequestSchema,
      response: { 200: renewAnswerSchema, ...errorAnswers },
    },
    handler: async ({ body, ip }) => view.renew(body, ip),
  });
}
