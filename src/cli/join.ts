import { Option } from '@commander-js/extra-typings';
import { joinAnswerSchema, type JoinAnswer, type JoinRequest } from '../model/api.ts';
import { uuidV4, type Uuid } from '../model/uuid.ts';
import type { Credentials } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { parseJoinToken } from '../security/join-token.ts';
import { makeKeyPair } from '../security/key-pair.ts';
import { makeProof } from '../security/proof.ts';
import type { Cli } from './cli.ts';
import { collectUrl } from './client-options.ts';
import { durationOption } from './duration-option.ts';
import { nameOption } from './name-option.ts';
import { PoolClient } from './pool-client.ts';

/** What `server join` and `agent join` share. */
export const joinOptions = {
  token: new Option('--token <TOKEN>', 'from `watchkeeper pool token`; - reads it from standard input')
    .env('WK_JOIN_TOKEN')
    .makeOptionMandatory(),
  server: new Option(
    '--server <URL>',
    'a server or virtual interface of the pool; may be given several times',
  )
    .argParser(collectUrl)
    .makeOptionMandatory(),
  name: new Option('--name <NAME>', 'what to call it').argParser(nameOption).makeOptionMandatory(),
  timeout: new Option('--timeout <DURATION>', 'give up after this long')
    .argParser(durationOption)
    .default(10_000, '10s'),
} as const;

export interface Joining {
  readonly token: string;
  readonly server: readonly string[];
  readonly name: string;
  readonly timeout: number;
}

export interface Joined {
  readonly coreId: Uuid;
  readonly answer: JoinAnswer;
  readonly credentials: Credentials;
}

/**
 * Exchanges a join token for a certificate. The private key is made here and never leaves; the server is believed
 * because its authority is the one that the token names.
 */
export async function joinPool(
  cli: Cli,
  runtime: Runtime,
  { token: given, server, name, timeout }: Joining,
  as: Pick<JoinRequest, 'kind' | 'url' | 'bootId' | 'hosts'>,
): Promise<Joined> {
  const token = (given === '-' ? await cli.readInput() : given).trim();
  const { authorityFingerprint } = parseJoinToken(token);
  const { keyPem, publicKeyPem } = makeKeyPair();
  const coreId = uuidV4(runtime.random.bytes(16));
  const who = { token, kind: as.kind, name, coreId };
  const request: JoinRequest = { ...who, ...as, publicKeyPem, proof: makeProof(keyPem, who) };
  const client = new PoolClient(
    runtime,
    {
      servers: server,
      trust: { authorityFingerprint },
      credentials: null,
      token: null,
      timeoutMs: timeout,
    },
    cli.command,
  );
  // The same request may be repeated: whoever used the token may use it again with the same key.
  const answer = await client.ask({ method: 'POST', path: '/api/v1/join', body: request }, joinAnswerSchema);
  const { certificatePem, authorityPems } = answer;
  return { coreId, answer, credentials: { keyPem, certificatePem, authorityPems } };
}
