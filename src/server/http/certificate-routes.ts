import { hash } from 'node:crypto';
import { joinAnswerSchema, joinRequestSchema } from '../../model/api.ts';
import { renewAnswerSchema, renewRequestSchema } from '../../model/trust.ts';
import { errorAnswers, type App, type Parts } from './app.ts';
import { witnessed } from './witnessed.ts';

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
    handler: async (request) => {
      const { kind, name, coreId } = request.body;
      const about = { action: 'identity.join', target: `${kind} ${name}`, detail: coreId };
      return witnessed(view.access, request, about, () => view.join(request.body, request.ip));
    },
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
    handler: async (request) => {
      const target = `certificate ${hash('sha256', request.body.certificatePem).slice(0, 16)}`;
      const about = { action: 'identity.renew', target, detail: '' };
      return witnessed(view.access, request, about, () => view.renew(request.body, request.ip));
    },
  });
}
