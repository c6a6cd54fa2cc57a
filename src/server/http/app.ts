import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { errorAnswerSchema } from '../../model/api.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { Timers } from '../../runtime/clock.ts';
import type { ConsoleFiles } from './console-files.ts';
import type { Metrics } from './metrics.ts';
import type { ServerView } from './view.ts';

/** Fastify, with the types of requests read from the routes' schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What the routes are made of. */
export interface Parts {
  readonly view: ServerView;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly consoleFiles: ConsoleFiles;
  /** For each open live stream the function that ends it, and the name of whose it is. */
  readonly streams: Map<() => void, string>;
}

/** Stands in every route's description beside its good answer. */
export const errorAnswers = { '4xx': errorAnswerSchema, '5xx': errorAnswerSchema } as const;
