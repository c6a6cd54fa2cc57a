import { mayChangePrograms } from '../configuration/may-name-actions.ts';
import { z } from 'zod';
import {
  actRequestSchema,
  actionAnswerSchema,
  actionDetailSchema,
  actionPageSchema,
  actionQuerySchema,
  actionRequestSchema,
  toolDetailSchema,
  toolRequestSchema,
  toolViewSchema,
  toolViewsSchema,
} from '../../model/action-api.ts';
import { nameSchema } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import { removalQuerySchema, removedSchema } from '../../model/policy-api.ts';
import { errorAnswers, type App, type Parts } from './app.ts';
import { known, seenBy } from './authorize.ts';
import { whoOf } from './guard.ts';
import type { ServerView } from './view.ts';

const params = z.strictObject({ name: nameSchema });

export function actionRoutes(app: App, parts: Parts): void {
  readTools(app, parts);
  writeTools(app, parts);
  readActions(app, parts);
  askActions(app, parts);
}

function readTools(app: App, { view }: Parts): void {
  app.route({
    method: 'GET',
    url: '/api/v1/tools',
    schema: {
      summary: 'Every tool and what its parameters may be',
      response: { 200: toolViewsSchema, ...errorAnswers },
    },
    handler: async () => ({ tools: view.actions.tools().map((tool) => toolViewSchema.parse(tool)) }),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/tools/:name',
    schema: {
      summary: 'One tool, also as its author wrote it',
      params,
      response: { 200: toolDetailSchema, ...errorAnswers },
    },
    handler: async ({ params: { name } }) => toolNamed(view, name),
  });
}

function writeTools(app: App, { view }: Parts): void {
  app.route({
    method: 'PUT',
    url: '/api/v1/tools/:name',
    schema: {
      summary: 'Define or replace a tool',
      params,
      body: toolRequestSchema,
      response: { 200: toolDetailSchema, ...errorAnswers },
    },
    handler: async ({ params: { name }, body, caller }) => {
      mayChangePrograms(known(caller), [{ kind: 'tool', name, content: body.source }], () => []);
      await view.actions.setTool(name, body, known(caller).name);
      return toolNamed(view, name);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/api/v1/tools/:name',
    schema: {
      summary: 'Remove a tool',
      params,
      querystring: removalQuerySchema,
      response: { 200: removedSchema, ...errorAnswers },
    },
    handler: async ({ params: { name }, query: { revision, force }, caller }) => {
      const removal = { ...(revision !== undefined && { revision }), force: force === 'true' };
      await view.actions.removeTool(name, removal, known(caller).name);
      return { removed: name };
    },
  });
}

function readActions(app: App, { view }: Parts): void {
  app.route({
    method: 'GET',
    url: '/api/v1/actions',
    schema: {
      summary: 'A page of actions, the newest first',
      querystring: actionQuerySchema,
      response: { 200: actionPageSchema, ...errorAnswers },
    },
    handler: async ({ query, caller }) => view.actions.page(query, seenBy(caller)),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/actions/:id',
    schema: {
      summary: 'One action and what it printed',
      description: '`after`: the number of the last piece of output that one has.',
      params: z.strictObject({ id: z.uuid() }),
      querystring: z.strictObject({ after: z.coerce.number<string>().int().min(0).default(0) }),
      response: { 200: actionDetailSchema, ...errorAnswers },
    },
    handler: async ({ params: { id }, query: { after }, caller }) => {
      const detail = view.actions.detail(id.toLowerCase(), after, seenBy(caller));
      if (detail === null) throw new WatchError('WK_NOT_FOUND', `there is no action ${id}`);
      return detail;
    },
  });
}

function askActions(app: App, { view }: Parts): void {
  app.route({
    method: 'POST',
    url: '/api/v1/actions',
    schema: {
      summary: 'Run a tool on nodes',
      description:
        'Answers when every node that may be asked is being asked; what becomes of it is in `GET /api/v1/actions?request=` and in the live events. Answers 200 also when some nodes are refused: look at `refused`.',
      body: actionRequestSchema,
      response: { 200: actionAnswerSchema, ...errorAnswers },
    },
    handler: async (request) => view.actions.ask(request.body, known(request.caller), whoOf(request)),
  });

  app.route({
    method: 'POST',
    url: '/api/v1/messages/:id/actions',
    schema: {
      summary: 'Do what the policy that made a message offers for it',
      description:
        'What that is stands in `offered` of the message. Answers 200 also when the node is refused: look at `refused`.',
      params: z.strictObject({ id: z.uuid() }),
      body: actRequestSchema,
      response: { 200: actionAnswerSchema, ...errorAnswers },
    },
    handler: async (request) =>
      view.actions.act(request.params.id.toLowerCase(), request.body, known(request.caller), whoOf(request)),
  });
}

function toolNamed(view: ServerView, name: string) {
  const found = view.actions.tools().find((tool) => tool.name === name);
  if (found === undefined) throw new WatchError('WK_NOT_FOUND', `there is no tool ${name}`);
  return found;
}
