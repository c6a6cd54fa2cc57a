import type { Coordination, Item } from '../coordination/coordination.ts';
import { etcdHostName, parseManagedMembers } from '../coordination/managed/etcd-files.ts';
import type { JoinAnswer, JoinRequest } from '../model/api.ts';
import {
  keys,
  nameSchema,
  nodeDefinitionSchema,
  serverDefinitionSchema,
  witnessDefinitionSchema,
  type NodeDefinition,
  type Pool,
  type ServerDefinition,
  type WitnessDefinition,
} from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import type { CertificateRecord } from '../model/trust.ts';
import { isUuid } from '../model/uuid.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { askApproval, readApproval } from './approval.ts';
import { issueCertificate, type Authority } from './authority.ts';
import { keySha256 } from './certificate-info.ts';
import { recordOf } from './certificate-record.ts';
import { serialFor } from './etcd-revoked.ts';
import { joinTokenKey, parseJoinToken, useJoinToken } from './join-token.ts';
import { verifyProof } from './proof.ts';

const attemptsMax = 5;
const prefixes = { server: keys.servers, agent: keys.nodes, witness: keys.witnesses } as const;
const schemas = {
  server: serverDefinitionSchema,
  agent: nodeDefinitionSchema,
  witness: witnessDefinitionSchema,
} as const;

export interface EnrolmentOptions {
  readonly coordination: Coordination;
  readonly clock: Clock;
  readonly random: Random;
  /** Signs for the newcomer. */
  readonly authority: Authority;
  /** What a new server is given: its key opens those of later ones, which the coordinator has. */
  readonly forServer: Authority;
  readonly pool: Pool;
  /** Addresses of the pool, virtual interfaces first. */
  readonly servers: readonly string[];
  /** Where the request came from, for the person who has to approve it. */
  readonly address: string;
  /** Where servers find the coordinator. */
  readonly coordinationUrl: string;
  /** The machine that an embedded coordinator serves; null where any machine may join. */
  readonly onlyBootId: string | null;
}

/**
 * Exchanges a join token and a public key for a certificate. The token is used up and the newcomer's definition is
 * written in one transaction, before anything is signed: a token that was lost a race signs nothing. Errors:
 * WK_BAD_REQUEST, WK_TOKEN_*, WK_DENIED (kind or name), WK_UNAUTHENTICATED (proof), WK_CONFLICT (name or core ID
 * taken), WK_PENDING (a person has to approve it; ask again), WK_ELSEWHERE, WK_COORDINATOR_AWAY.
 */
export async function enrol(request: JoinRequest, options: EnrolmentOptions): Promise<JoinAnswer> {
  checkRequest(request, options);
  const { authority, pool, clock, random } = options;
  const identity = { pool: pool.id, kind: request.kind, coreId: request.coreId };
  const as = { nowMs: clock.wallMs(), serial: serialFor(identity, random) };
  const { name, publicKeyPem } = request;
  const authorityPem = authority.certificatePem;
  await register(request, recordOf({ identity, name, publicKeyPem, authorityPem, as }, null), options);
  const hosts = hostsOf(request, pool.id);
  return {
    pool: { id: pool.id, name: pool.name },
    certificatePem: await issueCertificate(authority, { identity, publicKeyPem, name, hosts, as }, options),
    authorityPems: givenFirst(pool.authorities, options.forServer),
    servers: [...options.servers],
    ...(request.kind === 'server' && { authorityKeyPem: options.forServer.keyPem }),
    ...(request.kind !== 'agent' && { coordination: options.coordinationUrl }),
  };
}

/** What can be told from the request alone. */
function checkRequest(request: JoinRequest, { pool, onlyBootId, coordinationUrl }: EnrolmentOptions): void {
  if (parseJoinToken(request.token).pool !== pool.id)
    throw new WatchError(
      'WK_TOKEN_FOREIGN',
      `the token was made by another pool, not by ${pool.name}; make one here`,
    );
  if (!nameSchema.safeParse(request.name).success)
    throw new WatchError(
      'WK_BAD_REQUEST',
      'the name must be 1 to 63 letters, digits, dots, dashes or underscores, the first a letter or digit',
    );
  if (!isUuid(request.coreId))
    throw new WatchError('WK_BAD_REQUEST', 'the core ID must be a UUID in lower case');
  verifyProof(request);
  if (request.kind === 'witness') return checkWitness(request, coordinationUrl);
  if (request.kind !== 'server') return;
  if (request.url === undefined || !/^https:\/\/[^/]+$/.test(request.url) || !URL.canParse(request.url))
    throw new WatchError('WK_BAD_REQUEST', 'a server joins with its address, https://HOST:PORT');
  if (onlyBootId !== null && request.bootId !== onlyBootId)
    throw new WatchError(
      'WK_ELSEWHERE',
      'the embedded coordinator serves the processes of one machine; join from the machine the pool runs on',
    );
}

/** A witness is a member of etcd that the pool itself runs: any other is looked after by whoever runs it. */
function checkWitness({ hosts = [] }: JoinRequest, coordinationUrl: string): void {
  if (parseManagedMembers(coordinationUrl) === null)
    throw new WatchError(
      'WK_BAD_REQUEST',
      'this pool does not run etcd itself (coordination: managed), so it has no use for a witness',
    );
  if (hosts.length === 0 || !hosts.every((host) => /^[A-Za-z0-9:][A-Za-z0-9.:-]*$/.test(host)))
    throw new WatchError('WK_BAD_REQUEST', 'a witness joins with the hosts at which its etcd answers');
}

/** Tries again when something else was written meanwhile; each time everything is read and judged anew. */
async function register(
  request: JoinRequest,
  record: CertificateRecord,
  options: EnrolmentOptions,
): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt++)
    if (await tryRegister(request, record, options)) return;
  throw new WatchError('WK_CONFLICT', 'too many join at the same time; try again with the same token');
}

async function tryRegister(
  request: JoinRequest,
  record: CertificateRecord,
  { coordination, clock, address }: EnrolmentOptions,
): Promise<boolean> {
  const tokenKey = joinTokenKey(parseJoinToken(request.token));
  const [tokenItem, guard, approval] = await Promise.all([
    coordination.get(tokenKey),
    coordination.get(keys.enrolments),
    readApproval(coordination, request.coreId),
  ]);
  const nowMs = clock.wallMs();
  const attempt = { ...request, publicKeySha256: keySha256(request.publicKeyPem) };
  const { token, isRepeat } = useJoinToken(tokenItem, attempt, nowMs);
  const prefix = prefixes[request.kind];
  const { items } = await coordination.list(prefix);
  const waits = isRepeat && approval.request?.keySha256 === record.keySha256;
  if (isRepeat && !waits) return isRegistered(items, prefix, request);
  checkFree(items, prefix, request);
  if (approval.isRequired && !(waits && approval.request?.state === 'approved')) {
    const asking = { ...record, address };
    const use = { key: tokenKey, revision: tokenItem?.revision ?? 0, value: JSON.stringify(token) };
    await askApproval(coordination, asking, approval.request, use);
    return false;
  }
  const result = await coordination.transact({
    conditions: [
      { key: tokenKey, revision: tokenItem?.revision ?? 0 },
      { key: prefix + request.coreId, revision: 0 },
      // Two who join at once under one name see different keys; this one they share.
      { key: keys.enrolments, revision: guard?.revision ?? 0 },
    ],
    writes: [
      { key: tokenKey, value: JSON.stringify(token) },
      { key: prefix + request.coreId, value: JSON.stringify(definitionOf(request, nowMs)) },
      { key: keys.certificate(request.coreId), value: JSON.stringify(record) },
      { key: keys.enrolRequest(request.coreId), value: null },
      { key: keys.enrolments, value: JSON.stringify({ lastMs: nowMs }) },
    ],
  });
  return result.done;
}

/** Who was removed since does not come back with an old token. */
function isRegistered(items: readonly Item[], prefix: string, { coreId }: JoinRequest): true {
  if (items.some((item) => item.key === prefix + coreId)) return true;
  throw new WatchError(
    'WK_TOKEN_USED',
    'the token was used already, and who used it was removed; make a new one',
  );
}

/** Neither the name nor the core ID may belong to anybody: who joins gets no rights over what another left. */
function checkFree(items: readonly Item[], prefix: string, { kind, name, coreId }: JoinRequest): void {
  const what = kind === 'agent' ? 'node' : kind;
  if (items.some((item) => item.key === prefix + coreId))
    throw new WatchError(
      'WK_CONFLICT',
      `the core ID ${coreId} is enrolled already; join anew, with a new one`,
    );
  const schema = schemas[kind];
  const quoted = JSON.stringify(name);
  // Most values are passed over as text: parsing ten thousand for each that joins would take long.
  const taken = items.some(
    (item) => item.value.includes(quoted) && schema.parse(JSON.parse(item.value)).name === name,
  );
  if (taken)
    throw new WatchError(
      'WK_CONFLICT',
      `the name ${name} belongs to another ${what}; choose another name, or remove that ${what} first`,
    );
}

function definitionOf(
  { kind, coreId, name, url }: JoinRequest,
  joinedMs: number,
): ServerDefinition | WitnessDefinition | NodeDefinition {
  return kind === 'server' ? { coreId, name, url: url ?? '', joinedMs } : { coreId, name, joinedMs };
}

/** A witness's etcd is known by the pool's name for etcd, as every member is. */
function hostsOf({ kind, url, hosts }: JoinRequest, pool: string): string[] {
  if (kind === 'witness') return [etcdHostName(pool), ...(hosts ?? [])];
  return url === undefined ? [] : [hostOf(url)];
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}

/** The first is the one whose key a new server gets. */
function givenFirst(pems: readonly string[], { certificatePem }: Authority): string[] {
  const rest = pems.filter((pem) => pem.trim() !== certificatePem.trim());
  return pems.length === rest.length ? rest : [certificatePem, ...rest];
}
