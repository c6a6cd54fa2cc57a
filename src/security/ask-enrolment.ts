import { errorAnswerSchema, joinAnswerSchema, type JoinRequest } from '../model/api.ts';
import { errorTable, isErrorCode, WatchError } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Credentials, Network } from '../runtime/network.ts';
import { publicKeyOf } from './key-pair.ts';
import { makeProof } from './proof.ts';

const timeoutMs = 10_000;

/** What an agent has that was installed before any server could be asked. */
export interface PendingEnrolment {
  readonly token: string;
  /** Made on this machine; asking again with the same one is no second use of the token. */
  readonly keyPem: string;
  readonly authorityPems: readonly string[];
}

/**
 * Exchanges the token for a certificate at one server, which is believed by the authorities that the profile brought.
 * Errors: what the server said (WK_TOKEN_*, WK_PENDING, WK_CONFLICT …), WK_UNREACHABLE, WK_TIMEOUT, WK_UNAUTHENTICATED.
 */
export async function askEnrolment(
  network: Pick<Network, 'call'>,
  server: string,
  { name, coreId }: { readonly name: string; readonly coreId: Uuid },
  { token, keyPem, authorityPems }: PendingEnrolment,
): Promise<Credentials> {
  const who = { token, kind: 'agent', name, coreId } as const;
  const request: JoinRequest = {
    ...who,
    publicKeyPem: publicKeyOf(keyPem),
    proof: makeProof(keyPem, who),
  };
  const url = new URL('/api/v1/join', server).href;
  const answer = await network.call({
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    timeoutMs,
    trust: { authorityPems },
  });
  const body = parseJson(answer.body);
  const joined = joinAnswerSchema.safeParse(body);
  if (answer.status === 200 && joined.success)
    return { keyPem, certificatePem: joined.data.certificatePem, authorityPems: joined.data.authorityPems };
  const failed = errorAnswerSchema.safeParse(body);
  if (!failed.success || !isErrorCode(failed.data.error.code))
    throw new WatchError('WK_PROTOCOL', `${url} gave an answer that is none of ours (HTTP ${answer.status})`);
  const { code, text } = failed.data.error;
  throw new WatchError(code, text.length > 0 ? text : errorTable[code].text);
}
