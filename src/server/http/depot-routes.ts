import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { depotLimits, depotUploadSchema, depotViewSchema, sha256Schema } from '../../model/depot.ts';
import { WatchError } from '../../model/errors.ts';
import { errorAnswers, type App, type Parts } from './app.ts';

const params = z.strictObject({ sha256: sha256Schema });
const bytesType = 'application/octet-stream';

export function depotRoutes(app: App, { view }: Parts): void {
  const { depot } = view;

  app.route({
    method: 'GET',
    url: '/api/v1/depot',
    schema: {
      summary: 'What is in the depot, who uses it, and which servers have it',
      response: { 200: depotViewSchema, ...errorAnswers },
    },
    handler: async () => depot.list(),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/depot/:sha256',
    schema: { summary: 'The bytes of a file, as this server has them', params, produces: [bytesType] },
    handler: async ({ params: { sha256 } }, reply) => {
      const { sizeBytes, parts } = depot.read(sha256);
      // A file that turns out damaged ends the connection before its last byte.
      return reply
        .header('content-type', bytesType)
        .header('content-length', sizeBytes)
        .send(Readable.from(parts));
    },
  });

  // A context of its own: bytes are read by this route alone, and by it nothing else.
  void app.register(async (inner: App) => {
    inner.removeAllContentTypeParsers();
    inner.addContentTypeParser(bytesType, (_request, payload, done) => done(null, payload));
    inner.route({
      method: 'PUT',
      url: '/api/v1/depot/:sha256',
      schema: {
        summary: 'Brings the bytes of a file, which a definition can name afterwards',
        description: `The body is the file itself (${bytesType}), at most ${depotLimits.fileBytesMax} bytes, with its length in content-length.`,
        params,
        response: { 200: depotUploadSchema, ...errorAnswers },
      },
      handler: async (request) =>
        depot.upload({ sha256: request.params.sha256, sizeBytes: lengthOf(request) }, request.raw),
    });
  });
}

/** Told before the first byte is read. */
function lengthOf(request: Pick<FastifyRequest, 'headers'>): number {
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  const { fileBytesMax } = depotLimits;
  if (!Number.isSafeInteger(length) || length < 1)
    throw new WatchError(
      'WK_BAD_REQUEST',
      'the length of the file has to be told (content-length), and to be above 0',
    );
  if (length > fileBytesMax)
    throw new WatchError(
      'WK_TOO_LARGE',
      `the file has ${length} bytes, and one of the depot may have ${fileBytesMax}`,
    );
  return length;
}
