import type { FastifyReply } from 'fastify';
import type { Caller } from '../../access/caller.ts';
import {
  doneSchema,
  ownPasswordSchema,
  setupSchema,
  signedInSchema,
  signInSchema,
  whoAmISchema,
  type SignedIn,
  type WhoAmI,
} from '../../model/users-api.ts';
import { WatchError } from '../../model/errors.ts';
import type { AccessApi, SignedInUser } from './access-api.ts';
import { errorAnswers, type App, type Parts } from './app.ts';
import { known } from './authorize.ts';
import { addressOf } from './guard.ts';
import { clearSessionCookie, setSessionCookie } from './session-cookie.ts';

const bodyLimit = 8 * 1_024;

export function sessionRoutes(app: App, { view }: Parts): void {
  const { access } = view;

  app.route({
    method: 'POST',
    url: '/api/v1/session',
    bodyLimit,
    schema: {
      summary: 'Signs in with name and password',
      description: 'The session comes as a cookie, or with `as: token` as text to be sent as a bearer token.',
      security: [],
      body: signInSchema,
      response: { 200: signedInSchema, ...errorAnswers },
    },
    handler: async (request, reply) => {
      const signedIn = await access.signIn(request.body, addressOf(request));
      return handOver(access, signedIn, request.body.as === 'token', reply);
    },
  });

  app.route({
    method: 'GET',
    url: '/api/v1/session',
    schema: {
      summary: 'Who is asking, and what it may do',
      response: { 200: whoAmISchema, ...errorAnswers },
    },
    handler: async ({ caller }) => whoOf(access, known(caller)),
  });

  app.route({
    method: 'DELETE',
    url: '/api/v1/session',
    schema: { summary: 'Ends the session on every server', response: { 200: doneSchema, ...errorAnswers } },
    handler: async ({ caller }, reply) => {
      const { session } = known(caller);
      if (session === null)
        throw new WatchError(
          'WK_BAD_REQUEST',
          'there is no session to end: a certificate or a token was used',
        );
      await access.signOut(session);
      reply.header('set-cookie', clearSessionCookie);
      return { done: true as const };
    },
  });
}

export function passwordRoutes(app: App, { view }: Parts): void {
  const { access } = view;

  app.route({
    method: 'POST',
    url: '/api/v1/password',
    bodyLimit,
    schema: {
      summary: 'Changes the own password; ends all sessions but answers with a new one',
      body: ownPasswordSchema,
      response: { 200: signedInSchema, ...errorAnswers },
    },
    handler: async (request, reply) => {
      const caller = known(request.caller);
      const asToken = !caller.byCookie;
      const signedIn = await access.changeOwnPassword(caller, request.body, addressOf(request), asToken);
      return handOver(access, signedIn, asToken, reply);
    },
  });

  app.route({
    method: 'POST',
    url: '/api/v1/setup',
    bodyLimit,
    schema: {
      summary: 'Uses a setup link up: sets name and password, and signs in',
      security: [],
      body: setupSchema,
      response: { 200: signedInSchema, ...errorAnswers },
    },
    handler: async (request, reply) =>
      handOver(access, await access.setup(request.body, addressOf(request)), false, reply),
  });
}

function whoOf(access: AccessApi, caller: Caller): WhoAmI {
  const { kind, name, coreId, rights, session } = caller;
  const { displayName, roles } = access.describe(caller);
  const listed = rights.list().map(({ right, scope }) => ({ right, scope: scope && [...scope] }));
  return {
    kind,
    name,
    coreId,
    displayName,
    roles: [...roles],
    rights: listed,
    session: session && { idleUntilMs: session.idleUntilMs, expiresMs: session.expiresMs },
  };
}

/** The session itself goes into the cookie, or into the answer, never into both. */
function handOver(
  access: AccessApi,
  { account, claims, text }: SignedInUser,
  asToken: boolean,
  reply: FastifyReply,
): SignedIn {
  if (!asToken) reply.header('set-cookie', setSessionCookie(text));
  const who = whoOf(access, { ...account, kind: 'user', session: claims, byCookie: !asToken });
  return { who, token: asToken ? text : null };
}
