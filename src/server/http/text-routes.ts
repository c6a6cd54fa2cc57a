import { readPolicy } from '../../flexible-management/check-policy.ts';
import { explain } from '../../flexible-management/explanation.ts';
import { isTimeZone } from '../../flexible-management/time-template.ts';
import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import {
  explainAnswerSchema,
  explainRequestSchema,
  policyTextRequestSchema,
  policyTextSchema,
  type ExplainAnswer,
  type ExplainRequest,
  type PolicyText,
  type TextFinding,
} from '../../model/flexible-api.ts';
import { checkedPolicySchema } from '../../policies/checked-policy.ts';
import { parseYaml, yamlText } from '../../runtime/yaml.ts';
import { z } from 'zod';
import { errorAnswers, type App } from './app.ts';

const bodyLimit = 1_048_576;
const anySource = z.record(z.string(), z.unknown());

/** What is wrong with a text that somebody is writing, and what would come of it. Nothing is kept, nothing changes. */
export function textRoutes(app: App): void {
  app.route({
    method: 'POST',
    url: '/api/v1/policy-text',
    bodyLimit,
    schema: {
      summary: 'A policy as the text of a file and as its source, and what is wrong with it',
      body: policyTextRequestSchema,
      response: { 200: policyTextSchema, ...errorAnswers },
    },
    handler: async ({ body }) => checkedText('text' in body ? body.text : yamlText(body.source)),
  });

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
}

function checkedText(text: string): PolicyText {
  try {
    parseYaml(text, checkedPolicySchema, 'policy');
    return { text, source: parseYaml(text, anySource, 'policy'), findings: [] };
  } catch (error) {
    if (codeOf(error) !== 'WK_CONFIG') throw error;
    return { text, source: null, findings: [findingOf(textOf(error))] };
  }
}

/** `policy:LINE: key: reason`, as the reader of files says it. */
function findingOf(said: string): TextFinding {
  const [, line, text] = /^policy:(\d+): (.*)$/s.exec(said) ?? [];
  return { level: 'error', line: line === undefined ? null : Number(line), column: null, text: text ?? said };
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
