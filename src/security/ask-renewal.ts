import { z } from 'zod';
import { errorTable, isErrorCode, WatchError } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import { renewAnswerSchema, type RenewAnswer, type RenewRequest } from '../model/trust.ts';
import type { HttpCall, Network } from '../runtime/network.ts';

const timeoutMs = 10_000;
export const renewPath = '/api/v1/renew';

const errorSchema = z.object({ error: z.object({ code: z.string(), text: z.string() }) });

/**
 * Asks one server after the other, each verified as a server of the pool, until one answers; our own certificate is not
 * shown, since it may have expired. Errors: what the server said that nobody else would say differently, else the last.
 */
export async function askRenewal(
  network: Pick<Network, 'call'>,
  servers: readonly string[],
  trust: HttpCall['trust'],
  request: RenewRequest,
): Promise<RenewAnswer> {
  let last = new WatchError('WK_UNREACHABLE', 'no server is known');
  for (const server of servers) {
    try {
      return await askOne(network, server, trust, request);
    } catch (error) {
      if (!(error instanceof WatchError) || isFinal(error)) throw error;
      last = error;
    }
  }
  throw last;
}

/** Every server would say the same of an identity; of anything else another may think better. */
function isFinal({ code }: WatchError): boolean {
  return code === 'WK_REVOKED';
}

async function askOne(
  network: Pick<Network, 'call'>,
  server: string,
  trust: HttpCall['trust'],
  request: RenewRequest,
): Promise<RenewAnswer> {
  const url = new URL(renewPath, server).href;
  const headers = { 'content-type': 'application/json' };
  const answer = await network.call({
    url,
    method: 'POST',
    headers,
    body: JSON.stringify(request),
    timeoutMs,
    trust,
  });
  const body = parseJson(answer.body);
  const renewed = renewAnswerSchema.safeParse(body);
  if (answer.status === 200 && renewed.success) return renewed.data;
  const failed = errorSchema.safeParse(body);
  if (!failed.success || !isErrorCode(failed.data.error.code))
    throw new WatchError('WK_PROTOCOL', `${url} gave an answer that is none of ours (HTTP ${answer.status})`);
  const { code, text } = failed.data.error;
  throw new WatchError(code, text.length > 0 ? text : errorTable[code].text);
}
