import { Agent, request } from 'node:https';

const everyMs = 25;
const answerMsMax = 500;

/**
 * Knocks at an address again and again, with a connection of its own each time and without waiting for the one before,
 * until somebody answers `/healthz` with 200, and says how long after `sinceMs` that was. A frozen process accepts and
 * never answers: that is no answer.
 */
export async function msUntilAnswered(url: string, identityPem: string, sinceMs: number): Promise<number> {
  const endMs = sinceMs + 30_000;
  const answered = Promise.withResolvers<number>();
  const knock = async (): Promise<void> => {
    if (await answers(url, identityPem)) answered.resolve(performance.now() - sinceMs);
  };
  const knocking = setInterval(() => {
    if (performance.now() < endMs) void knock();
    else answered.reject(new Error(`${url} did not answer within 30 s`));
  }, everyMs);
  try {
    return await answered.promise;
  } finally {
    clearInterval(knocking);
  }
}

export function answers(url: string, identityPem: string): Promise<boolean> {
  const agent = new Agent({
    keepAlive: false,
    ca: identityPem,
    cert: identityPem,
    key: identityPem,
    checkServerIdentity: () => undefined,
  });
  return new Promise((resolve) => {
    const call = request(`${url}/healthz`, { agent }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    const timer = setTimeout(() => call.destroy(new Error('too slow')), answerMsMax);
    call.on('error', () => resolve(false));
    call.on('close', () => clearTimeout(timer));
    call.end();
  });
}
