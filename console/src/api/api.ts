import { z } from 'zod';
import { errorAnswerSchema } from '../../../src/model/api.ts';
import { isErrorCode, WatchError } from '../../../src/model/errors.ts';
import { currentToken, session, signedOut } from '../session/session.ts';

const timeoutMsDefault = 15_000;

export interface AskOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** Headers that say who asks. The second one makes a request one that no other site can have sent. */
export function credentialHeaders(): Record<string, string> {
  const token = currentToken();
  return { ...(token !== null && { authorization: `Bearer ${token}` }), 'x-watchkeeper': 'console' };
}

/** Errors are WatchErrors; WK_UNREACHABLE and WK_TIMEOUT where no server answered. */
export async function ask<T>(path: string, schema: z.ZodType<T>, options: AskOptions = {}): Promise<T> {
  return request(path, { method: 'GET' }, schema, options);
}

/** As `ask`. After WK_UNREACHABLE or WK_TIMEOUT nobody knows whether it was done. */
export async function tell<T>(
  path: string,
  body: unknown,
  schema: z.ZodType<T>,
  options: AskOptions = {},
): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  return request(path, { method: 'POST', body: JSON.stringify(body), headers }, schema, options);
}

/** Says what shall stand there from now on. */
export async function put<T>(
  path: string,
  body: unknown,
  schema: z.ZodType<T>,
  options: AskOptions = {},
): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  return request(path, { method: 'PUT', body: JSON.stringify(body), headers }, schema, options);
}

/** Ends or removes what is there. */
export async function withdraw<T>(path: string, schema: z.ZodType<T>, options: AskOptions = {}): Promise<T> {
  return request(path, { method: 'DELETE' }, schema, options);
}

async function request<T>(
  path: string,
  init: RequestInit,
  schema: z.ZodType<T>,
  { signal, timeoutMs = timeoutMsDefault }: AskOptions,
): Promise<T> {
  const ending = AbortSignal.timeout(timeoutMs);
  const headers = { accept: 'application/json', ...credentialHeaders(), ...headersOf(init) };
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      ...init,
      headers,
      signal: signal === undefined ? ending : AbortSignal.any([signal, ending]),
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new WatchError(ending.aborted ? 'WK_TIMEOUT' : 'WK_UNREACHABLE');
  }
  if (!response.ok) throw errorOf(response, text);
  return parsed(text, schema);
}

function parsed<T>(text: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : 'it is not JSON';
    throw new WatchError(
      'WK_PROTOCOL',
      `the server's answer is not understood; load the page anew (${detail})`,
    );
  }
}

export function errorOf(response: Response, text: string): WatchError {
  let error: WatchError;
  try {
    const answer = errorAnswerSchema.parse(JSON.parse(text)).error;
    error = new WatchError(isErrorCode(answer.code) ? answer.code : 'WK_INTERNAL', answer.text);
  } catch {
    error = new WatchError(
      response.status === 401 ? 'WK_UNAUTHENTICATED' : 'WK_UNAVAILABLE',
      `the server answered ${response.status}`,
    );
  }
  if (error.code === 'WK_UNAUTHENTICATED' && session.get().mode === 'signed in') signedOut(error.message);
  return error;
}

function headersOf(init: RequestInit): Record<string, string> {
  return Object.fromEntries(new Headers(init.headers));
}
