import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { codeOf, errorTable, textOf, WatchError } from '../../model/errors.ts';
import type { Log } from '../../runtime/log.ts';

/** The one shape of an answer that is no success. What is not ours to tell goes to the log only. */
export function answerError(
  log: Log,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const error = ours(thrown);
  const code = codeOf(error);
  if (code === 'WK_INTERNAL')
    log.error('a request failed', {
      requestId: request.id,
      route: request.routeOptions.url,
      error: textOf(thrown),
    });
  if (code === 'WK_UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer');
  const { status, retry, text } = errorTable[code];
  const told = code === 'WK_INTERNAL' ? `${text} (request ${request.id})` : textOf(error);
  return reply
    .code(status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify({ error: { code, text: told, retry } }));
}

export function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply
    .code(404)
    .header('content-type', 'application/json; charset=utf-8')
    .send(
      JSON.stringify({
        error: {
          code: 'WK_NOT_FOUND',
          text: `there is no ${request.method} ${request.url.split('?')[0]}; see /api/v1/openapi.json`,
          retry: false,
        },
      }),
    );
}

/** Fastify's own refusals (a body too large, bad JSON …) in our words. */
function ours(error: unknown): unknown {
  if (hasZodFastifySchemaValidationErrors(error))
    return new WatchError('WK_BAD_REQUEST', validationText(error));
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  if (codeOf(error) !== 'WK_INTERNAL' || typeof status !== 'number' || status < 400 || status >= 500)
    return error;
  if (status === 413) return new WatchError('WK_TOO_LARGE');
  if (status === 415)
    return new WatchError(
      'WK_BAD_REQUEST',
      'the body has another content type than is read here: application/json, or application/octet-stream for a file of the depot',
    );
  return new WatchError('WK_BAD_REQUEST', textOf(error));
}

function validationText(error: {
  readonly validation: readonly { readonly instancePath?: string; readonly message?: string | undefined }[];
  readonly validationContext?: string | undefined;
}): string {
  const issues = error.validation.slice(0, 5).map(({ instancePath = '', message = 'is not valid' }) => {
    const path = instancePath.replaceAll('/', '.');
    return `${error.validationContext ?? 'request'}${path}: ${message}`;
  });
  return issues.join('; ');
}
