import { z } from 'zod';
import { auditPageSchema, auditQuerySchema, auditVerdictSchema } from '../../model/audit.ts';
import { nameSchema } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import {
  doneSchema,
  userAnswerSchema,
  userCreateSchema,
  userRequestSchema,
  userRoleBodySchema,
  userRolesSchema,
  usersSchema,
  userViewSchema,
} from '../../model/users-api.ts';
import { userRoleSchema } from '../../model/users.ts';
import { errorAnswers, type App, type Parts } from './app.ts';
import { known } from './authorize.ts';

const bodyLimit = 64 * 1_024;
const params = z.strictObject({ name: nameSchema });
const done = { done: true } as const;

export function userRoutes(app: App, { view }: Parts): void {
  const { access } = view;

  app.route({
    method: 'GET',
    url: '/api/v1/users',
    schema: { summary: 'Every user', response: { 200: usersSchema, ...errorAnswers } },
    handler: async () => ({ users: [...access.users()] }),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/users/:name',
    schema: { summary: 'One user', params, response: { 200: userViewSchema, ...errorAnswers } },
    handler: async ({ params }) => {
      const user = access.users().find(({ name }) => name === params.name);
      if (!user) throw new WatchError('WK_NOT_FOUND', `there is no user ${params.name}`);
      return user;
    },
  });

  app.route({
    method: 'POST',
    url: '/api/v1/users',
    bodyLimit,
    schema: {
      summary: 'Adds a user; without a password the answer has a setup link for it',
      body: userCreateSchema,
      response: { 200: userAnswerSchema, ...errorAnswers },
    },
    handler: async ({ body, caller }) => access.createUser(body, known(caller).name),
  });

  app.route({
    method: 'POST',
    url: '/api/v1/users/:name',
    bodyLimit,
    schema: {
      summary: 'Changes, disables or enables a user, sets its password, signs it out, or makes a setup link',
      description:
        'Ends its sessions on every server, but for a change of the display name and a setup link.',
      params,
      body: userRequestSchema,
      response: { 200: userAnswerSchema, ...errorAnswers },
    },
    handler: async ({ params, body, caller }) => access.changeUser(params.name, body, known(caller).name),
  });

  app.route({
    method: 'DELETE',
    url: '/api/v1/users/:name',
    schema: { summary: 'Removes a user', params, response: { 200: doneSchema, ...errorAnswers } },
    handler: async ({ params, caller }) => {
      await access.removeUser(params.name, known(caller).name);
      return done;
    },
  });
}

export function userRoleRoutes(app: App, { view }: Parts): void {
  const { access } = view;

  app.route({
    method: 'GET',
    url: '/api/v1/user-roles',
    schema: { summary: 'Every user role', response: { 200: userRolesSchema, ...errorAnswers } },
    handler: async () => ({ userRoles: [...access.userRoles()] }),
  });

  app.route({
    method: 'PUT',
    url: '/api/v1/user-roles/:name',
    bodyLimit,
    schema: {
      summary: 'Defines a user role as it shall be from now on',
      params,
      body: userRoleBodySchema,
      response: { 200: userRoleSchema, ...errorAnswers },
    },
    handler: async ({ params, body, caller }) => access.setUserRole(params.name, body, known(caller).name),
  });

  app.route({
    method: 'DELETE',
    url: '/api/v1/user-roles/:name',
    schema: { summary: 'Removes a user role', params, response: { 200: doneSchema, ...errorAnswers } },
    handler: async ({ params, caller }) => {
      await access.removeUserRole(params.name, known(caller).name);
      return done;
    },
  });
}

export function auditRoutes(app: App, { view }: Parts): void {
  const { access } = view;

  app.route({
    method: 'GET',
    url: '/api/v1/audit',
    schema: {
      summary: 'Who did what, the newest first',
      querystring: auditQuerySchema,
      response: { 200: auditPageSchema, ...errorAnswers },
    },
    handler: async ({ query }) => access.audit(query),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/audit/verify',
    schema: {
      summary: 'Whether the audit trail on this server is whole; compare the answers of all servers',
      response: { 200: auditVerdictSchema, ...errorAnswers },
    },
    handler: async () => access.verifyAudit(),
  });
}
