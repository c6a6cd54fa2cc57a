import { profileAnswerSchema, profileRequestSchema } from '../../model/agent-profile.ts';
import { errorAnswers, type App, type Parts } from './app.ts';
import { known } from './authorize.ts';

export function profileRoutes(app: App, { view }: Parts): void {
  app.route({
    method: 'POST',
    url: '/api/v1/agent-profiles',
    schema: {
      summary:
        'Everything that an agent needs before it has met its pool, for one node that has not joined yet',
      description: 'The answer holds a join token: keep it as one.',
      body: profileRequestSchema,
      response: { 200: profileAnswerSchema, ...errorAnswers },
    },
    handler: async ({ body, caller }) => view.makeProfile(body, known(caller)),
  });
}
