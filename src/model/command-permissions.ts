/**
 * What each command of the command line needs. `asks`: routes of the API, which check who asks (permissions.ts); a
 * command can ask no other. `local`: what it works with on this machine, which the operating system guards:
 * `coordinator` and `data` are files of the server's own user, `agent` the local socket of the agent, `own` what belongs to
 * whoever runs it, `none` nothing.
 */
export interface CommandPermission {
  readonly asks: readonly string[];
  readonly local: 'coordinator' | 'data' | 'agent' | 'own' | 'none';
}

function asking(...asks: string[]): CommandPermission {
  return { asks, local: 'none' };
}

const operations = asking('POST /api/v1/operations');
const role = 'GET /api/v1/roles/:role';
const changeRole = asking(role, 'POST /api/v1/roles/:role', `${role}/history`);
const changeUser = asking('POST /api/v1/users/:name');
const pool = 'GET /api/v1/pool';
const config = 'GET /api/v1/config';
const followed = ['GET /api/v1/actions', 'GET /api/v1/actions/:id', 'GET /api/v1/events'];
const depot = 'GET /api/v1/depot';
const depotBytes = { get: `${depot}/:sha256`, put: 'PUT /api/v1/depot/:sha256' };
const coordinator: CommandPermission = { asks: [], local: 'coordinator' };
const data: CommandPermission = { asks: [], local: 'data' };
const own: CommandPermission = { asks: [], local: 'own' };
const none: CommandPermission = { asks: [], local: 'none' };
const agent: CommandPermission = { asks: [], local: 'agent' };

export const commandPermissions: Readonly<Record<string, CommandPermission>> = {
  demo: {
    asks: [pool, 'GET /api/v1/nodes', 'GET /api/v1/messages', 'POST /api/v1/join'],
    local: 'own',
  },
  'pool create': own,
  'pool token': coordinator,
  'pool status': asking(pool),
  'pool confirm': { asks: [pool], local: 'coordinator' },
  'server join': { asks: ['POST /api/v1/join'], local: 'own' },
  'server run': data,
  'server run-process': data,
  'server interfaces': asking(pool, 'POST /api/v1/servers/:server/interfaces'),
  'server remove': { asks: [pool], local: 'coordinator' },
  'server backup': data,
  'server restore': data,
  // Asks as the server itself, with its certificate.
  'support-bundle': { asks: ['GET /healthz', pool], local: 'coordinator' },
  'witness join': { asks: ['POST /api/v1/join'], local: 'own' },
  'witness run': data,
  'witness remove': coordinator,
  'agent join': { asks: ['POST /api/v1/join'], local: 'own' },
  'agent profile': { asks: ['POST /api/v1/agent-profiles', depotBytes.get], local: 'own' },
  'agent run': data,
  'agent status': agent,
  'message send': agent,
  'message list': asking('GET /api/v1/messages', 'GET /api/v1/events'),
  'message show': asking('GET /api/v1/messages/:id'),
  'message acknowledge': operations,
  'message unacknowledge': operations,
  'message own': operations,
  'message disown': operations,
  'message annotate': operations,
  'message act': asking('POST /api/v1/messages/:id/actions', ...followed),
  'node list': asking('GET /api/v1/nodes'),
  'node set-primary': asking('GET /api/v1/deployment', 'POST /api/v1/primary-managers'),
  'node remove': coordinator,
  'trust list': coordinator,
  'trust export': coordinator,
  'trust import': coordinator,
  'trust update': coordinator,
  'trust remove': coordinator,
  'trust rotate': coordinator,
  'trust adopt': coordinator,
  'other-pool list': coordinator,
  'other-pool set': coordinator,
  'other-pool remove': coordinator,
  ping: { asks: ['GET /healthz', pool], local: 'own' },
  'enrol list': coordinator,
  'enrol approve': coordinator,
  'enrol deny': coordinator,
  'enrol approval': coordinator,
  'node-group list': asking('GET /api/v1/node-groups'),
  'node-group set': asking('GET /api/v1/node-groups', 'PUT /api/v1/node-groups/:name'),
  'node-group remove': asking('DELETE /api/v1/node-groups/:name'),
  'message-group list': asking('GET /api/v1/message-groups'),
  'message-group set': asking('GET /api/v1/config/definition', 'POST /api/v1/config'),
  'message-group remove': asking('GET /api/v1/config/definition', 'POST /api/v1/config'),
  'status-variable list': asking('GET /api/v1/status-variables'),
  'status-variable set': asking(
    'GET /api/v1/config/definition',
    'POST /api/v1/config',
    'GET /api/v1/status-variables',
  ),
  'status-variable remove': asking('GET /api/v1/config/definition', 'POST /api/v1/config'),
  'policy list': asking('GET /api/v1/policies'),
  'policy show': asking('GET /api/v1/policies/:name'),
  'policy set': asking('PUT /api/v1/policies/:name'),
  'policy remove': asking('DELETE /api/v1/policies/:name'),
  'policy status': asking('GET /api/v1/deployment'),
  'policy deploy': asking('GET /api/v1/deployment', 'POST /api/v1/deployment'),
  'outage add': asking('GET /api/v1/node-groups', 'POST /api/v1/config'),
  'outage list': asking('GET /api/v1/policies', 'GET /api/v1/policies/:name'),
  'outage extend': asking('GET /api/v1/policies/:name', 'POST /api/v1/config'),
  'outage remove': asking(
    'GET /api/v1/policies',
    'GET /api/v1/policies/:name',
    'DELETE /api/v1/policies/:name',
  ),
  'tool list': asking('GET /api/v1/tools'),
  'tool show': asking('GET /api/v1/tools/:name'),
  'tool set': asking('PUT /api/v1/tools/:name'),
  'tool remove': asking('DELETE /api/v1/tools/:name'),
  'tool run': asking('POST /api/v1/actions', ...followed),
  'action list': asking('GET /api/v1/actions'),
  'action show': asking('GET /api/v1/actions/:id'),
  'node label': asking('GET /api/v1/config/definition', 'POST /api/v1/config'),
  'depot list': asking(depot),
  'depot show': asking(depot),
  'depot add': { asks: [depot, depotBytes.put, 'POST /api/v1/config'], local: 'own' },
  'depot get': { asks: [depot, depotBytes.get], local: 'own' },
  'depot remove': asking(depot, 'POST /api/v1/config'),
  'config export': { asks: [config, depotBytes.get], local: 'own' },
  'config apply': { asks: [config, depot, depotBytes.put, 'POST /api/v1/config'], local: 'own' },
  'config diff': { asks: [config], local: 'own' },
  'config history': asking('GET /api/v1/config/history'),
  'config show': asking('GET /api/v1/config/definition'),
  'config rollback': asking('GET /api/v1/config/definition', 'POST /api/v1/config'),
  'cert list': coordinator,
  'cert show': coordinator,
  'cert issue': coordinator,
  'cert renew': { asks: ['POST /api/v1/renew'], local: 'own' },
  'cert revoke': coordinator,
  login: { asks: ['POST /api/v1/session'], local: 'own' },
  logout: { asks: ['DELETE /api/v1/session'], local: 'own' },
  whoami: asking('GET /api/v1/session'),
  'user list': asking('GET /api/v1/users'),
  'user show': asking('GET /api/v1/users/:name'),
  'user add': asking('POST /api/v1/users'),
  'user password': {
    asks: ['GET /api/v1/session', 'POST /api/v1/users/:name', 'POST /api/v1/password'],
    local: 'own',
  },
  'user link': changeUser,
  'user role': changeUser,
  'user disable': changeUser,
  'user enable': changeUser,
  'user sign-out': changeUser,
  'user remove': asking('DELETE /api/v1/users/:name'),
  'user-role list': asking('GET /api/v1/user-roles'),
  'user-role show': asking('GET /api/v1/user-roles'),
  'user-role set': asking('PUT /api/v1/user-roles/:name'),
  'user-role remove': asking('DELETE /api/v1/user-roles/:name'),
  'audit list': asking('GET /api/v1/audit'),
  'audit verify': asking(pool, 'GET /api/v1/audit/verify'),
  'token create': coordinator,
  'token list': coordinator,
  'token revoke': coordinator,
  'role list': asking('GET /api/v1/roles'),
  'role show': asking(role),
  'role move': changeRole,
  'role drill': asking('GET /api/v1/roles', pool, 'POST /api/v1/roles/:role/drill', `${role}/history`),
  'role take': { asks: [pool], local: 'coordinator' },
  'role pin': changeRole,
  'role unpin': changeRole,
  'role order': changeRole,
  'role failback': changeRole,
  'role history': asking('GET /api/v1/roles', `${role}/history`),
  'virtual-interface add': coordinator,
  'virtual-interface list': asking('GET /api/v1/virtual-interfaces'),
  'virtual-interface remove': coordinator,
  'policy check': own,
  'policy print': own,
  'policy explain': { asks: ['POST /api/v1/message-rules/explain'], local: 'own' },
  'context add': own,
  'context list': own,
  'context use': own,
  'context remove': own,
  completion: none,
  complete: none,
  version: none,
};

/** Null where there is no row: the command is refused. */
export function commandPermission(path: string): CommandPermission | null {
  return Object.hasOwn(commandPermissions, path) ? (commandPermissions[path] ?? null) : null;
}
