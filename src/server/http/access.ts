/** Who may call a route. `operators`: a user's or a server's certificate of this pool, or an API token. */
export type Access = 'anyone' | 'operators';

/**
 * Every route there is, by method and path, and who may call it. What is not listed here is refused to everybody,
 * also when it is registered; a test holds this table equal to what is registered.
 */
export const access: Readonly<Record<string, Access>> = {
  'GET /api/v1/messages': 'operators',
  'GET /api/v1/messages/:id': 'operators',
  'POST /api/v1/operations': 'operators',
  'GET /api/v1/counts': 'operators',
  'GET /api/v1/pool': 'operators',
  'GET /api/v1/nodes': 'operators',
  'GET /api/v1/virtual-interfaces': 'operators',
  'GET /api/v1/roles': 'operators',
  'GET /api/v1/roles/:role': 'operators',
  'GET /api/v1/roles/:role/history': 'operators',
  'POST /api/v1/roles/:role': 'operators',
  'POST /api/v1/servers/:server/interfaces': 'operators',
  'GET /api/v1/events': 'operators',
  'GET /api/v1/openapi.json': 'operators',
  'GET /metrics': 'operators',
  // A join token is the proof here, and load balancers and service managers have none to show.
  'POST /api/v1/join': 'anyone',
  'GET /healthz': 'anyone',
  'GET /readyz': 'anyone',
  'GET /healthz/virtual/:name': 'anyone',
};
