import { Option } from '@commander-js/extra-typings';
import { joinAnswerSchema, type JoinAnswer, type JoinRequest } from '../../model/api.ts';
import { codeOf, textOf } from '../../model/errors.ts';
import { uuidV4, type Uuid } from '../../model/uuid.ts';
import type { Credentials } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { parseJoinToken } from '../../security/join-token.ts';
import { sleep } from '../../runtime/timing.ts';
import { makeKeyPair } from '../../security/key-pair.ts';
import { makeProof } from '../../security/proof.ts';
import type { Cli } from '../cli.ts';
import { collectUrl } from '../options/client-options.ts';
import { durationOption } from '../options/duration-option.ts';
import { nameOption } from '../options/name-option.ts';
import { PoolClient } from '../asking/pool-client.ts';
import { note } from '../terminal/print.ts';

const approvalEveryMs = 3_000;
/** A server that was started a moment ago does not listen yet. */
const unreachableEveryMs = 500;

const token = () =>
  new Option('--token <TOKEN>', 'from `watchkeeper pool token`; - reads it from standard input').env(
    'WK_JOIN_TOKEN',
  );
const server = () =>
  new Option(
    '--server <URL>',
    'a server or virtual interface of the pool; may be given several times',
  ).argParser(collectUrl);
const name = () => new Option('--name <NAME>', 'what to call it').argParser(nameOption);

/** For who may join by a profile instead. */
export const profileOptions = {
  profile: new Option('--profile <FILE>', 'all of it in one file, from `watchkeeper agent profile`'),
  token: token(),
  server: server(),
  name: name(),
} as const;

/** What everybody shares who joins. */
export const joinOptions = {
  token: token().makeOptionMandatory(),
  server: server().makeOptionMandatory(),
  name: name().makeOptionMandatory(),
  timeout: new Option('--timeout <DURATION>', 'give up when no server answers for so long')
    .argParser(durationOption)
    .default(10_000, '10s'),
  wait: new Option('--wait <DURATION>', 'where a person has to approve: wait for them so long')
    .argParser(durationOption)
    .default(3_600_000, '1h'),
} as const;

export interface Joining {
  readonly token: string;
  readonly server: readonly string[];
  readonly name: string;
  readonly timeout: number;
  readonly wait: number;
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
  { token: given, server, name, timeout, wait }: Joining,
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
  const answer = await askUntilAdmitted(cli, runtime, client, request, { timeout, wait });
  const { certificatePem, authorityPems } = answer;
  return { coreId, answer, credentials: { keyPem, certificatePem, authorityPems } };
}

/** The same request may be repeated: whoever used the token may use it again with the same key. */
async function askUntilAdmitted(
  cli: Cli,
  { clock, timers }: Runtime,
  client: PoolClient,
  request: JoinRequest,
  { timeout, wait }: Pick<Joining, 'timeout' | 'wait'>,
): Promise<JoinAnswer> {
  const patience = new Map([
    ['WK_PENDING', { untilMs: clock.monotonicMs() + wait, everyMs: approvalEveryMs }],
    ['WK_UNREACHABLE', { untilMs: clock.monotonicMs() + timeout, everyMs: unreachableEveryMs }],
  ]);
  for (let said = ''; ;) {
    try {
      return await client.ask({ method: 'POST', path: '/api/v1/join', body: request }, joinAnswerSchema);
    } catch (error) {
      const code = codeOf(error);
      const { untilMs, everyMs } = patience.get(code) ?? { untilMs: -Infinity, everyMs: 0 };
      if (clock.monotonicMs() + everyMs >= untilMs) throw error;
      if (code !== said)
        note(cli, code === 'WK_PENDING' ? textOf(error) : `${textOf(error)}; waiting for it`);
      said = code;
      await sleep(timers, everyMs);
    }
  }
}
