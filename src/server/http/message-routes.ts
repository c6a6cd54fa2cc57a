import { z } from 'zod';
import {
  messageCountsSchema,
  messageDetailSchema,
  messageFilterSchema,
  messagePageQuerySchema,
  messagePageSchema,
  operationAnswerSchema,
  operationRequestSchema,
} from '../../model/api.ts';
import { WatchError } from '../../model/errors.ts';
import { messageGroupsSchema } from '../../model/message-groups.ts';
import { overviewQuerySchema, overviewSchema } from '../../model/overview.ts';
import { severities } from '../../model/severity.ts';
import { known, seenBy } from './authorize.ts';
import { errorAnswers, type App, type Parts } from './app.ts';

const severity = z.enum(severities);
const actionsMax = 100;

/** The page query as it stands in a URL: numbers are text, and a list is one name many times. */
export const pageQuerystringSchema = z.strictObject({
  ...messageFilterSchema.shape,
  severities: z
    .union([severity, z.array(severity).max(severities.length)])
    .transform((value) => [value].flat())
    .optional(),
  sinceMs: z.coerce.number<string>().int().min(0).optional(),
  order: messagePageQuerySchema.shape.order,
  limit: z.coerce.number<string>().int().min(1).max(1_000).default(100),
  cursor: messagePageQuerySchema.shape.cursor,
  grouped: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional(),
});

export function messageRoutes(app: App, { view }: Parts): void {
  app.route({
    method: 'GET',
    url: '/api/v1/messages',
    schema: {
      summary: 'A page of messages, newest first unless `order` says otherwise',
      description:
        'With `grouped=true` of those that say the same (of one node, severity, group, application and object, with one key, or one text where there is no key) only the newest is there, with their number in `same`; `same=KEY` lists them all.',
      querystring: pageQuerystringSchema,
      response: { 200: messagePageSchema, ...errorAnswers },
    },
    handler: async ({ query, caller }) =>
      query.grouped === true || query.same !== undefined
        ? view.groupedPage(query, seenBy(caller))
        : view.page(query, seenBy(caller)),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/messages/:id',
    schema: {
      summary: 'One message and everything that was done to it',
      params: z.strictObject({ id: z.uuid() }),
      response: { 200: messageDetailSchema, ...errorAnswers },
    },
    handler: async ({ params, caller }) => {
      const detail = await view.message(params.id.toLowerCase(), seenBy(caller));
      if (detail === null) throw new WatchError('WK_NOT_FOUND', `there is no message ${params.id}`);
      const message = detail.message.id;
      const { actions } = view.actions.page({ message, limit: actionsMax }, seenBy(caller));
      const offered = view.actions.offered(message, known(caller));
      return { ...detail, actions, ...(offered === null ? {} : { offered }) };
    },
  });

  app.route({
    method: 'POST',
    url: '/api/v1/operations',
    schema: {
      summary: 'Acknowledge, own, annotate … up to 1,000 messages',
      description:
        'Answers 200 also when some of the messages are not there, or not yours to work on: look at `results`.',
      body: operationRequestSchema,
      response: { 200: operationAnswerSchema, ...errorAnswers },
    },
    handler: async ({ body, caller }) => {
      if (body.kind === 'annotate' && body.text === undefined)
        throw new WatchError('WK_BAD_REQUEST', 'body.text: an annotation needs a text');
      return view.operate(body, known(caller));
    },
  });

  countRoutes(app, view);
}

function countRoutes(app: App, view: Parts['view']): void {
  app.route({
    method: 'GET',
    url: '/api/v1/counts',
    schema: {
      summary: 'Messages by state and severity',
      response: { 200: messageCountsSchema, ...errorAnswers },
    },
    handler: async ({ caller }) => view.counts(seenBy(caller)),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/overview',
    schema: {
      summary: 'What is open where, how that came to be, and which nodes came and went',
      description:
        'Counted from all messages; a server that is asked for the first time counts a million of them in some seconds.',
      querystring: overviewQuerySchema,
      response: { 200: overviewSchema, ...errorAnswers },
    },
    handler: async ({ query, caller }) => view.overview(query.span, seenBy(caller)),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/message-groups',
    schema: {
      summary: 'Message groups that are defined, and those that open messages name',
      description: 'Counted from all messages, as the overview is.',
      response: { 200: messageGroupsSchema, ...errorAnswers },
    },
    handler: async ({ caller }) => ({ groups: [...(await view.messageGroups(seenBy(caller)))] }),
  });
}
