import { once } from 'node:events';
import { request, type RequestOptions } from 'node:https';
import { z } from 'zod';
import type { ApiClient } from '../pool/api-client.ts';
import { until } from '../pool/real-pool.ts';

const signedInSchema = z.object({ token: z.string() });
const password = 'a phrase that is long';

/** A user of its own for one test, who signs in again each time. */
export class SessionUser {
  readonly name: string;
  readonly #api: ApiClient;
  readonly #doors: readonly string[];
  #password = password;

  constructor(name: string, api: ApiClient, doors: readonly string[]) {
    this.name = name;
    this.#api = api;
    this.#doors = doors;
  }

  async create(): Promise<void> {
    await this.#api.request('POST', '/api/v1/users', { name: this.name, roles: ['operator'], password });
  }

  change(request: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#api.request('POST', `/api/v1/users/${this.name}`, request);
  }

  changePassword(): Promise<unknown> {
    this.#password += '!';
    return this.change({ kind: 'password', password: this.#password });
  }

  /** A session that every server knows, with a live stream at each; `isOut` is true when all refuse it and no stream is open. */
  async signIn(): Promise<{ readonly token: string; readonly isOut: () => Promise<boolean> }> {
    const body = { name: this.name, password: this.#password, as: 'token' };
    const { token } = signedInSchema.parse(
      await until1(`${this.name} signs in`, () => this.#api.request('POST', '/api/v1/session', body)),
    );
    const statuses = (): Promise<number[]> =>
      Promise.all(this.#doors.map((url) => statusOf(`${url}/api/v1/session`, token)));
    await until(
      'every server takes it',
      async () => (await statuses()).every((one) => one === 200),
      10_000,
      20,
    );
    const streams = await Promise.all(this.#doors.map((url) => openStream(`${url}/api/v1/events`, token)));
    const isOut = async (): Promise<boolean> =>
      streams.every((isOpen) => !isOpen()) && (await statuses()).every((one) => one === 401);
    return { token, isOut };
  }
}

export async function signOut(url: string, token: string): Promise<void> {
  await statusOf(`${url}/api/v1/session`, token, 'DELETE');
}

/** A server that has not heard of a change yet refuses what is right by now. */
async function until1(what: string, ask: () => Promise<unknown>): Promise<unknown> {
  let answer: unknown;
  await until(what, async () => ((answer = await ask()), true), 10_000, 50);
  return answer;
}

const options = (token: string): RequestOptions => ({
  rejectUnauthorized: false,
  agent: false,
  headers: { authorization: `Bearer ${token}` },
});

async function statusOf(url: string, token: string, method = 'GET'): Promise<number> {
  const call = request(url, { ...options(token), method });
  call.end();
  const [answer] = await once(call, 'response');
  answer.resume();
  return answer.statusCode;
}

/** Resolves with whether it is still open, to be asked later. */
async function openStream(url: string, token: string): Promise<() => boolean> {
  const call = request(url, options(token));
  call.on('error', () => undefined).end();
  const [answer] = await once(call, 'response');
  if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode}`);
  answer.on('error', () => undefined).resume();
  let isOpen = true;
  answer.once('close', () => (isOpen = false));
  return () => isOpen;
}
