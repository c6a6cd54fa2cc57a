import { readPolicy } from '../../flexible-management/check-policy.ts';
import { explain } from '../../flexible-management/explanation.ts';
import { isTimeZone } from '../../flexible-management/time-template.ts';
import { WatchError } from '../../model/errors.ts';
import {
  explainAnswerSchema,
  explainRequestSchema,
  rulesExplainRequestSchema,
  rulesExplanationSchema,
  type ExplainAnswer,
  type ExplainRequest,
} from '../../model/flexible-api.ts';
import { errorAnswers, type App, type Parts } from './app.ts';

const bodyLimit = 1_048_576;

/** What is wrong with a text that somebody is writing, and what would come of it. Nothing is kept, nothing changes. */
export function explainRoutes(app: App, { view }: Parts): void {
  app.route({
    method: 'POST',
    url: '/api/v1/flexible-management/explain',
    bodyLimit,
    schema: {
      summary: 'What is wrong with a text of flexible management, and what it makes of a message at a time',
      body: explainRequestSchema,
      response: { 200: explainAnswerSchema, ...errorAnswers },
    },
    handler: async ({ body }) => explained(body),
  });

  app.route({
    method: 'POST',
    url: '/api/v1/message-rules/explain',
    bodyLimit,
    schema: {
      summary:
        'What outages and policies for servers would make of a message at a time, as they are in force',
      body: rulesExplainRequestSchema,
      response: { 200: rulesExplanationSchema, ...errorAnswers },
    },
    handler: async ({ body }) => view.policies.explain(body),
  });
}

function explained({ text, kind, message, atMs, nodeZone, serverZone, set }: ExplainRequest): ExplainAnswer {
  for (const zone of [nodeZone, serverZone])
    if (!isTimeZone(zone))
      throw new WatchError('WK_BAD_REQUEST', `${zone} is not a time zone; use a name like Europe/Oslo`);
  const { policy, findings } = readPolicy(text, kind);
  const moment = { epochMs: atMs, nodeZone, serverZone };
  return {
    findings: findings.map(({ level, at, text: what }) => ({ level, ...at, text: what })),
    explanation: policy && explain(policy, message, moment, { kind, set }),
  };
}
