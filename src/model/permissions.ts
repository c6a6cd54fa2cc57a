import { consoleAssets, consolePages } from './console-pages.ts';
import type { Right } from './rights.ts';

/**
 * Who may do what: one row for every type of message on the link, every HTTP route and every command. Server, command
 * line and console read this table, and nothing else decides. What has no row is refused; tests hold the table equal to
 * what there is, and try every row as every kind of caller (docs/who-may-do-what.md has the outcome).
 */

/** Who speaks to whom on the link. Only a server may send an agent anything but greetings and heartbeats. */
export type Direction = 'agent to server' | 'server to agent' | 'server to server';
const anyDirection: readonly Direction[] = ['agent to server', 'server to agent', 'server to server'];

export const linkPermissions = {
  hello: ['agent to server', 'server to server'],
  welcome: ['server to agent', 'server to server'],
  refused: anyDirection,
  ping: anyDirection,
  pong: anyDirection,
  batch: ['agent to server'],
  // Servers of other pools share messages, and hear whether those are stored; everything else is among the servers of a pool.
  share: ['server to server'],
  stored: ['server to agent', 'server to server'],
  again: ['server to agent', 'server to server'],
  goBack: ['server to agent'],
  servers: ['server to agent'],
  trust: ['server to agent'],
  policiesRunning: ['agent to server'],
  policies: ['server to agent'],
  action: ['server to agent'],
  actionReady: ['agent to server'],
  actionGo: ['server to agent'],
  actionReports: ['agent to server'],
  actionReportsStored: ['server to agent'],
  depotPlease: ['agent to server', 'server to server'],
  depotPart: ['server to agent', 'server to server'],
  depotNone: ['server to agent', 'server to server'],
  depotHave: ['server to server'],
  entries: ['server to server'],
  positions: ['server to server'],
  confirmPlease: ['server to server'],
  confirmed: ['server to server'],
  revoked: ['server to server'],
  standing: ['server to server'],
  trimmed: ['server to server'],
  snapshotPlease: ['server to server'],
  snapshotPart: ['server to server'],
} as const satisfies Record<string, readonly Direction[]>;

/** Kinds of callers. A server uses its own certificate for few questions, and never in the name of a person. */
export type CallerKind = 'user' | 'token' | 'server';

export interface RoutePermission {
  /** `anyone`: the request brings its own proof, or there is nothing to protect. */
  readonly who: 'anyone' | readonly CallerKind[];
  /** Null: being known is enough. */
  readonly right: Right | null;
  /**
   * `whole`: the right is needed over everything. `part`: over something, and the answer holds only what it is over;
   * what is asked to be changed is checked item by item.
   */
  readonly over: 'whole' | 'part';
}

const anyone: RoutePermission = { who: 'anyone', right: null, over: 'part' };
const people = ['user', 'token'] as const;
const known: RoutePermission = { who: people, right: null, over: 'part' };
const see: RoutePermission = { who: people, right: 'see', over: 'part' };
const seeAll: RoutePermission = { who: people, right: 'see', over: 'whole' };
const operate: RoutePermission = { who: people, right: 'operate', over: 'part' };
const act: RoutePermission = { who: people, right: 'act', over: 'part' };
const administer: RoutePermission = { who: people, right: 'administer', over: 'whole' };
const configure: RoutePermission = { who: people, right: 'configure', over: 'whole' };

export const routePermissions: Readonly<Record<string, RoutePermission>> = {
  'GET /api/v1/messages': see,
  'GET /api/v1/messages/:id': see,
  'POST /api/v1/operations': operate,
  'GET /api/v1/counts': see,
  'GET /api/v1/overview': see,
  'GET /api/v1/message-groups': see,
  'GET /api/v1/events': see,
  'GET /api/v1/nodes': see,
  // Servers ask each other where their journals stand: before one is removed, and before a coordinator is confirmed.
  'GET /api/v1/pool': { ...see, who: ['user', 'token', 'server'] },
  'GET /api/v1/virtual-interfaces': see,
  'GET /api/v1/roles': see,
  'GET /api/v1/roles/:role': see,
  'GET /api/v1/roles/:role/history': see,
  'POST /api/v1/roles/:role': configure,
  // It takes a server away, if only for seconds.
  'POST /api/v1/roles/:role/drill': administer,
  'POST /api/v1/servers/:server/interfaces': configure,
  'GET /api/v1/status-variables': seeAll,
  'GET /api/v1/policies': seeAll,
  'GET /api/v1/policies/:name': seeAll,
  'PUT /api/v1/policies/:name': configure,
  'DELETE /api/v1/policies/:name': configure,
  // Who may run tools somewhere has to know them; what they may be run on is checked node by node.
  'GET /api/v1/tools': act,
  'GET /api/v1/tools/:name': act,
  'PUT /api/v1/tools/:name': configure,
  'DELETE /api/v1/tools/:name': configure,
  'GET /api/v1/actions': see,
  'GET /api/v1/actions/:id': see,
  'POST /api/v1/actions': act,
  'POST /api/v1/messages/:id/actions': act,
  // It holds a token that a node joins with.
  'POST /api/v1/agent-profiles': administer,
  'GET /api/v1/depot': seeAll,
  // Scripts tell more than their names.
  'GET /api/v1/depot/:sha256': configure,
  'PUT /api/v1/depot/:sha256': configure,
  'GET /api/v1/node-groups': seeAll,
  'PUT /api/v1/node-groups/:name': configure,
  'DELETE /api/v1/node-groups/:name': configure,
  // Whoever may read policies may also ask what a text would mean; nothing of it is kept.
  'POST /api/v1/flexible-management/explain': seeAll,
  'POST /api/v1/message-rules/explain': seeAll,
  'GET /api/v1/deployment': see,
  'POST /api/v1/deployment': configure,
  // Users, user roles, roles and settings are left out, or refused, where there is no right to administer.
  'GET /api/v1/config': configure,
  'POST /api/v1/config': configure,
  'POST /api/v1/config/preview': configure,
  'GET /api/v1/config/history': configure,
  'GET /api/v1/config/definition': configure,
  'POST /api/v1/primary-managers': configure,
  'GET /api/v1/session': known,
  'DELETE /api/v1/session': known,
  'POST /api/v1/password': known,
  'GET /api/v1/users': administer,
  'GET /api/v1/users/:name': administer,
  'POST /api/v1/users': administer,
  'POST /api/v1/users/:name': administer,
  'DELETE /api/v1/users/:name': administer,
  'GET /api/v1/user-roles': administer,
  'PUT /api/v1/user-roles/:name': administer,
  'DELETE /api/v1/user-roles/:name': administer,
  'GET /api/v1/tokens': administer,
  'POST /api/v1/tokens': administer,
  'DELETE /api/v1/tokens/:name': administer,
  'GET /api/v1/sessions': administer,
  'DELETE /api/v1/sessions/:id': administer,
  'GET /api/v1/audit': administer,
  'GET /api/v1/audit/verify': administer,
  'GET /api/v1/openapi.json': known,
  'GET /metrics': seeAll,
  // The password, the setup token or the join token is the proof here; load balancers and service managers have none.
  'POST /api/v1/session': anyone,
  'POST /api/v1/setup': anyone,
  'POST /api/v1/join': anyone,
  // The request is signed by the key of the certificate, which may have expired.
  'POST /api/v1/renew': anyone,
  'GET /healthz': anyone,
  'GET /readyz': anyone,
  'GET /healthz/virtual/:name': anyone,
  // The console's own files hold nothing of a pool; what it then asks for has rows above.
  [`GET ${consoleAssets}`]: anyone,
  ...Object.fromEntries(Object.values(consolePages).map((page) => [`GET ${page}`, anyone])),
};

/** The row of a request; null where there is none, which means that nobody may. */
export function routePermission(route: string): RoutePermission | null {
  return Object.hasOwn(routePermissions, route) ? (routePermissions[route] ?? null) : null;
}

/** The route that a request goes to, `GET /api/v1/messages/:id`; null where there is none. */
export function routeOf(method: string, path: string): string | null {
  const parts = (path.split('?')[0] ?? '').split('/');
  const routes = Object.keys(routePermissions).filter((route) => {
    const [verb, pattern = ''] = route.split(' ');
    const wanted = pattern.split('/');
    return (
      verb === method &&
      wanted.length === parts.length &&
      wanted.every((part, at) => (part.startsWith(':') ? parts[at] !== '' : part === parts[at]))
    );
  });
  // `/messages/:id` also fits what has a route of its own.
  return routes.find((route) => !route.includes(':')) ?? routes[0] ?? null;
}

/** Whether rights are enough for that row, as the server decides and the console shows beforehand. */
export function isAllowed(
  { right, over }: RoutePermission,
  of: { has(right: Right): boolean; hasWhole(right: Right): boolean },
): boolean {
  return right === null || (over === 'whole' ? of.hasWhole(right) : of.has(right));
}
