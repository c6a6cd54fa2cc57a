import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { operationRequestSchema } from '../../model/api.ts';
import type { ProfileRequest } from '../../model/agent-profile.ts';
import type { AuditDraft } from '../../model/audit.ts';
import type { DeployRequest } from '../../model/policy-api.ts';
import { placeText, type configRequestSchema } from '../../model/config.ts';
import type { PrimaryRequest } from '../../model/policy-api.ts';
import type { tokenCreateSchema, userCreateSchema, userRequestSchema } from '../../model/users-api.ts';

/** What of a request goes into the audit trail. Never a secret. */
export type Audited = Pick<AuditDraft, 'action' | 'target' | 'detail'>;

type Parameters = Readonly<Record<string, string>>;

/**
 * Every route that is not a GET. `self`: its handler writes the record, since only it knows who asks. `nothing`: it
 * changes nothing, and is asked with every key that somebody types.
 */
export const audited: Readonly<Record<string, 'self' | 'nothing' | ((request: FastifyRequest) => Audited)>> =
  {
    'POST /api/v1/config/preview': 'nothing',
    'POST /api/v1/flexible-management/explain': 'nothing',
    'POST /api/v1/message-rules/explain': 'nothing',
    'POST /api/v1/join': 'self',
    'POST /api/v1/renew': 'self',
    'POST /api/v1/session': 'self',
    'POST /api/v1/setup': 'self',
    'POST /api/v1/actions': 'self',
    'POST /api/v1/messages/:id/actions': 'self',
    'DELETE /api/v1/session': ({ caller }) => ({
      action: 'session.end',
      target: caller?.name ?? '',
      detail: '',
    }),
    'POST /api/v1/password': ({ caller }) => ({
      action: 'user.password',
      target: caller?.name ?? '',
      detail: 'its own',
    }),
    'POST /api/v1/users': ({ body }) => {
      const { name, roles, password } = bodyOf<z.infer<typeof userCreateSchema>>(body);
      const how = password === undefined ? 'with a setup link' : 'with a password';
      return { action: 'user.create', target: name, detail: `${how}, roles ${list(roles)}` };
    },
    'POST /api/v1/users/:name': ({ params, body }) => {
      const request = bodyOf<z.infer<typeof userRequestSchema>>(body);
      const detail = request.kind === 'change' ? JSON.stringify(request) : '';
      return { action: `user.${request.kind}`, target: parameter(params, 'name'), detail };
    },
    'DELETE /api/v1/users/:name': named('user.remove'),
    'PUT /api/v1/user-roles/:name': ({ params, body }) => ({
      action: 'user-role.set',
      target: parameter(params, 'name'),
      detail: JSON.stringify(body),
    }),
    'DELETE /api/v1/user-roles/:name': named('user-role.remove'),
    'POST /api/v1/tokens': ({ body }) => {
      const { name, roles, validMs } = bodyOf<z.infer<typeof tokenCreateSchema>>(body);
      const until = validMs === null ? 'until it is revoked' : `for ${spanText(validMs)}`;
      return { action: 'token.create', target: name, detail: `${until}, roles ${list(roles)}` };
    },
    'DELETE /api/v1/tokens/:name': named('token.revoke'),
    'DELETE /api/v1/sessions/:id': ({ params }) => ({
      action: 'session.revoke',
      target: parameter(params, 'id'),
      detail: '',
    }),
    'POST /api/v1/operations': ({ body }) => {
      const { kind, messages } = bodyOf<z.infer<typeof operationRequestSchema>>(body);
      const [first = ''] = messages;
      const target = messages.length === 1 ? first : `${messages.length} messages`;
      return {
        action: `message.${kind}`,
        target,
        detail: messages.length === 1 ? '' : messages.slice(0, 50).join(' '),
      };
    },
    'POST /api/v1/roles/:role': ({ params, body }) => ({
      action: `role.${bodyOf<{ kind: string }>(body).kind}`,
      target: parameter(params, 'role'),
      detail: JSON.stringify(body),
    }),
    'POST /api/v1/roles/:role/drill': ({ params, body }) => ({
      action: 'role.drill',
      target: parameter(params, 'role'),
      detail: JSON.stringify(body),
    }),
    'PUT /api/v1/policies/:name': named('policy.set'),
    'DELETE /api/v1/policies/:name': named('policy.remove'),
    'PUT /api/v1/tools/:name': ({ params, body }) => ({
      action: 'tool.set',
      target: parameter(params, 'name'),
      detail: JSON.stringify(body),
    }),
    'DELETE /api/v1/tools/:name': named('tool.remove'),
    'PUT /api/v1/node-groups/:name': ({ params, body }) => ({
      action: 'node-group.set',
      target: parameter(params, 'name'),
      detail: JSON.stringify(body),
    }),
    'POST /api/v1/primary-managers': ({ body }) => {
      const { manager, nodes } = bodyOf<PrimaryRequest>(body);
      const target = nodes.length === 1 ? (nodes[0] ?? '') : `${nodes.length} nodes`;
      return {
        action: 'node.set-primary',
        target,
        detail: JSON.stringify({ manager, nodes: nodes.slice(0, 50) }),
      };
    },
    'DELETE /api/v1/node-groups/:name': named('node-group.remove'),
    'PUT /api/v1/depot/:sha256': ({ params, headers }) => ({
      action: 'depot.upload',
      target: parameter(params, 'sha256'),
      detail: `${headers['content-length'] ?? 'unknown'} bytes`,
    }),
    'POST /api/v1/agent-profiles': ({ body }) => {
      const { node, validMs } = bodyOf<ProfileRequest>(body);
      return { action: 'agent.profile', target: node, detail: `for ${spanText(validMs)}` };
    },
    'POST /api/v1/config': ({ body }) => ofConfig(bodyOf(body)),
    'POST /api/v1/deployment': ({ body }) => {
      const { nodes } = bodyOf<DeployRequest>(body);
      const target = nodes?.length === 1 ? (nodes[0] ?? '') : `${nodes?.length ?? 'all'} nodes`;
      return { action: 'policy.deploy', target, detail: nodes === null ? '' : nodes.slice(0, 50).join(' ') };
    },
    'POST /api/v1/servers/:server/interfaces': ({ params, body }) => ({
      action: 'server.interfaces',
      target: parameter(params, 'server'),
      detail: JSON.stringify(body),
    }),
  };

function ofConfig({ changes, via, hold }: z.output<typeof configRequestSchema>): Audited {
  const places = changes.map((change) => `${change.content === null ? '-' : ''}${placeText(change)}`);
  const [first = ''] = places;
  return {
    action: 'config.apply',
    target: places.length === 1 ? first : `${places.length} definitions`,
    detail: `${via}${hold ? ', deployment held' : ''}: ${places.join(' ')}`,
  };
}

function named(action: string): (request: FastifyRequest) => Audited {
  return ({ params }) => ({ action, target: parameter(params, 'name'), detail: '' });
}

/** Fastify has held it against the route's schema by now; the type says which. */
function bodyOf<Body>(body: unknown): Body {
  return body as Body;
}

function parameter(params: unknown, name: string): string {
  return (params as Parameters)[name] ?? '';
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

function spanText(ms: number): string {
  return ms % 86_400_000 === 0 ? `${ms / 86_400_000} d` : `${Math.round(ms / 60_000)} min`;
}
