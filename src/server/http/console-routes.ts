import type { FastifyReply, FastifyRequest } from 'fastify';
import { consoleAssets, consolePages } from '../../model/console-pages.ts';
import type { App, Parts } from './app.ts';
import type { ConsoleFile } from './console-files.ts';
import { notFound } from './error-answer.ts';
import { consoleHeaders } from './security-headers.ts';

const withoutConsole = `This server has no console: it was not built.

From a checkout:     npm run console, then load this page again
From an archive:     install one made with npm run pack
The command line:    watchkeeper message list
The API:             /api/v1/openapi.json
`;

/** The console: one document for all of its pages, and the files that it names. */
export function consoleRoutes(app: App, { consoleFiles }: Parts): void {
  const answer = async (
    request: FastifyRequest,
    reply: FastifyReply,
    path: string,
    cacheControl: string,
  ): Promise<FastifyReply> => {
    const file = await consoleFiles.find(path, request.headers['accept-encoding'] ?? '');
    if (file === 'no console') return reply.code(404).type('text/plain; charset=utf-8').send(withoutConsole);
    if (file === null) return notFound(request, reply);
    return send(request, reply, file, cacheControl);
  };

  for (const url of Object.values(consolePages))
    app.route({
      method: 'GET',
      url,
      schema: { hide: true },
      handler: (request, reply) => answer(request, reply, 'index.html', 'no-cache'),
    });

  app.route<{ Params: { file: string } }>({
    method: 'GET',
    url: consoleAssets,
    schema: { hide: true },
    handler: (request, reply) =>
      answer(request, reply, `assets/${request.params.file}`, 'public, max-age=31536000, immutable'),
  });
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { type, sha256, encoding, bytes }: ConsoleFile,
  cacheControl: string,
): FastifyReply {
  const etag = `"${sha256.slice(0, 32)}${encoding === null ? '' : `-${encoding}`}"`;
  reply.headers({ ...consoleHeaders, 'cache-control': cacheControl, etag, vary: 'accept-encoding' });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  if (encoding !== null) reply.header('content-encoding', encoding);
  return reply.type(type).send(bytes);
}
