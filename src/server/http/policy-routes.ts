import { z } from 'zod';
import { mayNameActions } from '../configuration/may-name-actions.ts';
import { nameSchema } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import {
  deployAnswerSchema,
  deploymentSchema,
  deployRequestSchema,
  nodeGroupRequestSchema,
  nodeGroupViewSchema,
  nodeGroupViewsSchema,
  policyDetailSchema,
  policyRequestSchema,
  policyViewSchema,
  policyViewsSchema,
  primaryAnswerSchema,
  primaryRequestSchema,
  removalQuerySchema,
  removedSchema,
  type PolicyDetail,
  type Removal,
} from '../../model/policy-api.ts';
import { statusVariablesSchema } from '../../model/status-variables.ts';
import { known, seenBy } from './authorize.ts';
import { errorAnswers, type App, type Parts } from './app.ts';

const params = z.strictObject({ name: nameSchema });

export function policyRoutes(app: App, parts: Parts): void {
  readPolicies(app, parts);
  writePolicies(app, parts);
  nodeGroups(app, parts);
  primaryManagers(app, parts);
}

function readPolicies(app: App, { view }: Parts): void {
  app.route({
    method: 'GET',
    url: '/api/v1/policies',
    schema: {
      summary: 'Every policy, the groups that name it, and how far its nodes are',
      response: { 200: policyViewsSchema, ...errorAnswers },
    },
    handler: async () => ({ policies: view.policies.list().map((policy) => policyViewSchema.parse(policy)) }),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/policies/:name',
    schema: {
      summary: 'One policy, as its author wrote it',
      params,
      response: { 200: policyDetailSchema, ...errorAnswers },
    },
    handler: async ({ params }) => foundPolicy(view, params.name),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/status-variables',
    schema: {
      summary: 'Condition status variables: what they were switched to, and which policies declare them',
      response: { 200: statusVariablesSchema, ...errorAnswers },
    },
    handler: async () => ({ variables: [...(await view.statusVariables())] }),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/deployment',
    schema: {
      summary: 'Which policies each node should run, and what it says it runs',
      response: { 200: deploymentSchema, ...errorAnswers },
    },
    handler: async ({ caller }) => ({
      nodes: [...view.policies.deployment(seenBy(caller))],
      held: view.policies.held(),
    }),
  });

  app.route({
    method: 'POST',
    url: '/api/v1/deployment',
    schema: {
      summary: 'Has nodes sent what they should run, also what they refused before; all of them ends a hold',
      body: deployRequestSchema,
      response: { 200: deployAnswerSchema, ...errorAnswers },
    },
    handler: async ({ body, caller }) => ({ nodes: await view.policies.deploy(body, known(caller).name) }),
  });
}

function writePolicies(app: App, { view }: Parts): void {
  app.route({
    method: 'PUT',
    url: '/api/v1/policies/:name',
    schema: {
      summary: 'Defines or changes a policy; connected agents get it at once',
      params,
      body: policyRequestSchema,
      response: { 200: policyDetailSchema, ...errorAnswers },
    },
    handler: async ({ params, body, caller }) => {
      mayNameActions(known(caller), body.source);
      await view.policies.set(params.name, body, known(caller).name);
      return foundPolicy(view, params.name);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/api/v1/policies/:name',
    schema: {
      summary: 'Removes a policy that no group names; with `force` it is taken out of them',
      params,
      querystring: removalQuerySchema,
      response: { 200: removedSchema, ...errorAnswers },
    },
    handler: async ({ params, query, caller }) => {
      await view.policies.remove(params.name, removalOf(query), known(caller).name);
      return { removed: params.name };
    },
  });
}

function primaryManagers(app: App, { view }: Parts): void {
  app.route({
    method: 'POST',
    url: '/api/v1/primary-managers',
    schema: {
      summary: 'Gives nodes another primary manager; each follows if its policies let that one become it',
      body: primaryRequestSchema,
      response: { 200: primaryAnswerSchema, ...errorAnswers },
    },
    handler: async ({ body, caller }) => {
      await view.policies.setPrimary(body, known(caller).name);
      return { nodes: body.nodes.length };
    },
  });
}

function nodeGroups(app: App, { view }: Parts): void {
  app.route({
    method: 'GET',
    url: '/api/v1/node-groups',
    schema: {
      summary: 'Every node group',
      response: { 200: nodeGroupViewsSchema, ...errorAnswers },
    },
    handler: async () => ({ groups: [...view.policies.groups()] }),
  });

  app.route({
    method: 'PUT',
    url: '/api/v1/node-groups/:name',
    schema: {
      summary: 'Defines or changes a node group: which nodes belong to it, and which policies they get',
      params,
      body: nodeGroupRequestSchema,
      response: { 200: nodeGroupViewSchema, ...errorAnswers },
    },
    handler: async ({ params, body, caller }) => {
      await view.policies.setGroup(params.name, body, known(caller).name);
      return found(view.policies.groups(), 'node group', params.name);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/api/v1/node-groups/:name',
    schema: {
      summary: 'Removes a node group that no other holds; with `force` it is taken out of them',
      params,
      querystring: removalQuerySchema,
      response: { 200: removedSchema, ...errorAnswers },
    },
    handler: async ({ params, query, caller }) => {
      await view.policies.removeGroup(params.name, removalOf(query), known(caller).name);
      return { removed: params.name };
    },
  });
}

function removalOf({ revision, force }: z.output<typeof removalQuerySchema>): Removal {
  return { revision, force: force === 'true' };
}

function foundPolicy({ policies }: Parts['view'], name: string): PolicyDetail {
  const policy = policies.find(name);
  if (policy === null) throw new WatchError('WK_NOT_FOUND', `there is no policy ${name}`);
  return policy;
}

function found<View extends { readonly name: string }>(
  views: readonly View[],
  what: string,
  name: string,
): View {
  const view = views.find((one) => one.name === name);
  if (!view) throw new WatchError('WK_NOT_FOUND', `there is no ${what} ${name}`);
  return view;
}
