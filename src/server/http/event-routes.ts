import { z } from 'zod';
import { liveEventSchema } from '../../model/api.ts';
import { WatchError } from '../../model/errors.ts';
import { errorAnswers, type App, type Parts } from './app.ts';
import { authenticate } from './authenticate.ts';
import { authorize, known } from './authorize.ts';
import { LiveStream } from './live-stream.ts';
import { decodePositions, positionsIdCharsMax } from './positions-id.ts';

const eventsPath = '/api/v1/events';

/** Live streams of one server; each costs a socket and at most one unsent batch of messages. */
export const streamsMax = 256;
/** Of them one caller's: what one program opens and forgets does not cost the others their live console. */
export const streamsOfOneMax = 64;

export function eventRoutes(app: App, parts: Parts): void {
  const { view, streams } = parts;
  app.route({
    method: 'GET',
    url: eventsPath,
    schema: {
      summary: 'Live changes as server-sent events',
      description:
        'The ID of each event is where to resume, on any server: `Last-Event-ID`, or `since`. After `reset` read everything anew.',
      produces: ['text/event-stream'],
      headers: z.object({ 'last-event-id': z.string().max(positionsIdCharsMax).optional() }),
      querystring: z.strictObject({
        since: z.string().max(positionsIdCharsMax).optional(),
        /** Events of actions too. */
        actions: z.enum(['true', 'false']).optional(),
      }),
      response: { 200: liveEventSchema, ...errorAnswers },
    },
    handler: (request, reply) => {
      const { name } = known(request.caller);
      admit(streams, name);
      const place = request.headers['last-event-id'] ?? request.query.since;
      reply.hijack();
      reply.raw.writeHead(200, {
        'x-request-id': request.id,
        'content-type': 'text/event-stream; charset=utf-8',
      });
      const stream = new LiveStream({
        view,
        timers: parts.timers,
        log: parts.log,
        withActions: request.query.actions === 'true',
        response: reply.raw,
        since: place === undefined ? view.positions() : decodePositions(place),
        scope: () => {
          const caller = authenticate(view, request.raw, true);
          authorize(`GET ${eventsPath}`, caller);
          return caller.rights.scope('see');
        },
      });
      const end = (): void => stream.end();
      streams.set(end, name);
      reply.raw.once('close', () => streams.delete(end));
      stream.start();
    },
  });
}

/** WK_OVERLOADED when there are as many live streams as may be, of all callers or of this one. */
function admit(streams: Parts['streams'], name: string): void {
  if (streams.size >= streamsMax)
    throw new WatchError('WK_OVERLOADED', `more than ${streamsMax} live streams; ask another server`);
  const own = [...streams.values()].filter((one) => one === name).length;
  if (own >= streamsOfOneMax)
    throw new WatchError(
      'WK_OVERLOADED',
      `${name} has ${own} live streams on this server, as many as one caller may have; close some, or ask another server`,
    );
}
