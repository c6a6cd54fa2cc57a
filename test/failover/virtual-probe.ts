import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

const everyMs = 5;
const answerMsMax = 150;

/**
 * Knocks at an address again and again, with a connection of its own each time, until somebody answers `/healthz`
 * with 200, and says how long after `sinceMs` that was. A frozen process accepts and never answers: that is no answer.
 */
export async function msUntilAnswered(url: string, identityPem: string, sinceMs: number): Promise<number> {
  const endMs = sinceMs + 30_000;
  while (performance.now() < endMs) {
    if (await answers(url, identityPem)) return performance.now() - sinceMs;
    await sleep(everyMs);
  }
  throw new Error(`${url} did not answer within 30 s`);
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
