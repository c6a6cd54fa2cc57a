import { request } from 'node:https';
import { routePermissions } from '../../src/model/permissions.ts';
import type { Tried } from './callers.ts';

const someId = '0190a6f4-0000-4000-8000-0000000000ff';

/** `yes`: past every check of who asks; else how it was turned away. */
export type Verdict = 'yes' | 'who?' | 'no' | 'cut';

/** Calls the route with nothing in it, so that whoever is let in changes nothing. */
export async function tryRoute(
  url: string,
  authorityPem: string,
  route: string,
  caller: Tried,
): Promise<Verdict> {
  const [method = '', path = ''] = route.split(' ');
  const status = await statusOf(url + path.replaceAll(/:\w+/g, someId), method, authorityPem, caller);
  // What is for anyone checks its own proof, and there is none in an empty request.
  if (routePermissions[route]?.who === 'anyone' && status !== 403) return status === 0 ? 'cut' : 'yes';
  if (status === 401) return 'who?';
  if (status === 403) return 'no';
  return status === 0 ? 'cut' : 'yes';
}

function statusOf(url: string, method: string, authorityPem: string, caller: Tried): Promise<number> {
  const { credentials, token } = caller;
  const hasBody = method !== 'GET' && method !== 'DELETE';
  return new Promise((resolve) => {
    const asked = request(
      url,
      {
        method,
        ca: authorityPem,
        checkServerIdentity: () => undefined,
        agent: false,
        timeout: 10_000,
        ...(credentials && { cert: credentials.certificatePem, key: credentials.keyPem }),
        headers: {
          ...(hasBody ? { 'content-type': 'application/json' } : {}),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
      },
      (answer) => {
        resolve(answer.statusCode ?? 0);
        asked.destroy();
      },
    );
    asked.on('error', () => resolve(0));
    asked.end(hasBody ? '{}' : undefined);
  });
}
