import { z } from 'zod';
import { WatchError } from '../../model/errors.ts';
import {
  drillRequestSchema,
  roleHistoryQuerySchema,
  roleHistorySchema,
  roleRequestSchema,
  rolesSchema,
  roleViewSchema,
  virtualInterfacesSchema,
} from '../../model/role-api.ts';
import { known, seenBy } from './authorize.ts';
import { errorAnswers, type App, type Parts } from './app.ts';

/** A slash in the name of a role (`virtual-interface/NAME`) is sent as `%2F`. */
const params = z.strictObject({ role: z.string().min(1).max(256) });

export function roleRoutes(app: App, { view }: Parts): void {
  app.route({
    method: 'GET',
    url: '/api/v1/roles',
    schema: {
      summary: 'Every role: who holds it, and what is wanted of it',
      response: { 200: rolesSchema, ...errorAnswers },
    },
    handler: async () => ({ roles: [...(await view.roles())] }),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/virtual-interfaces',
    schema: {
      summary: 'Every virtual interface, and what comes through it',
      response: { 200: virtualInterfacesSchema, ...errorAnswers },
    },
    handler: async ({ caller }) => view.virtualInterfaces(seenBy(caller)),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/roles/:role',
    schema: {
      summary: 'One role; a slash in its name is sent as %2F',
      params,
      response: { 200: roleViewSchema, ...errorAnswers },
    },
    handler: async ({ params }) => {
      const role = await view.role(params.role);
      if (role === null) throw unknown(params.role);
      return role;
    },
  });

  app.route({
    method: 'GET',
    url: '/api/v1/roles/:role/history',
    schema: {
      summary: 'Every change of the holder, the newest first',
      description: 'Also of a role that is no longer defined. `belowEpoch` is for the next page.',
      params,
      querystring: roleHistoryQuerySchema,
      response: { 200: roleHistorySchema, ...errorAnswers },
    },
    handler: async ({ params, query }) => {
      const changes = await view.roleHistory(params.role, query.limit, query.belowEpoch);
      if (changes.length === 0 && (await view.role(params.role)) === null) throw unknown(params.role);
      return { changes: [...changes] };
    },
  });
  changeRoutes(app, view);
}

function changeRoutes(app: App, view: Parts['view']): void {
  app.route({
    method: 'POST',
    url: '/api/v1/roles/:role',
    schema: {
      summary: 'Moves, pins or unpins a role, or sets its order or failback',
      description:
        'Answers when the change is decided, not when it has happened: a move is over when `movingTo` is null again.',
      params,
      body: roleRequestSchema,
      response: { 200: roleViewSchema, ...errorAnswers },
    },
    handler: async ({ params, body, caller }) => {
      return view.changeRole(params.role, body, known(caller).name);
    },
  });

  app.route({
    method: 'POST',
    url: '/api/v1/roles/:role/drill',
    schema: {
      summary: "A drill: kills the holder's server process, to see another server take over",
      description:
        'Answers when it is decided; the role has then changed hands when its `epoch` is another one, and its history says how long nobody held it. The killed server starts again by itself. Refused (409) while the pool could lose something by it, or when the epoch is not the one that was seen.',
      params,
      body: drillRequestSchema,
      response: { 200: roleViewSchema, ...errorAnswers },
    },
    handler: async ({ params, body, caller }) => view.drillRole(params.role, body, known(caller).name),
  });
}

function unknown(role: string): WatchError {
  return new WatchError('WK_NOT_FOUND', `there is no role ${role}`);
}
