import type { FastifyRequest } from 'fastify';
import { codeOf, textOf } from '../../model/errors.ts';
import type { AccessApi } from './access-api.ts';
import type { Audited } from './audited.ts';
import { addressOf } from './guard.ts';

/**
 * Does what proves by itself who asks (a join token, a signature), and writes down whether it was granted: before the
 * answer goes out, since without the answer nothing has come of it.
 */
export async function witnessed<T>(
  access: Pick<AccessApi, 'record' | 'denied'>,
  request: FastifyRequest,
  about: Audited,
  run: () => Promise<T>,
): Promise<T> {
  const who = { kind: 'nobody', by: '', coreId: null, from: addressOf(request), session: null } as const;
  let answer: T;
  try {
    answer = await run();
  } catch (error) {
    // Waiting for a person is no refusal, and is asked again every few seconds.
    if (codeOf(error) !== 'WK_PENDING')
      access.denied({ ...who, ...about, detail: `${about.detail} ${textOf(error)}`.trim() });
    throw error;
  }
  await access.record({ ...who, ...about, outcome: 'allowed' });
  return answer;
}
