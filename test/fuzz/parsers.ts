import { constants, zstdCompressSync } from 'node:zlib';
import { z } from 'zod';
import { agentConfigSchema } from '../../src/agent/config.ts';
import { parseEtcdUrl } from '../../src/coordination/etcd/etcd-url.ts';
import { parseManagedMembers } from '../../src/coordination/managed/etcd-files.ts';
import { readPolicy } from '../../src/flexible-management/check-policy.ts';
import { decodeFrame, encodeFrame } from '../../src/link/frame.ts';
import { parseAddress } from '../../src/model/address.ts';
import { joinRequestSchema, messagePageQuerySchema, operationRequestSchema } from '../../src/model/api.ts';
import { identityOfNames } from '../../src/model/certificate-names.ts';
import { identityUri } from '../../src/model/identity.ts';
import { networkOf } from '../../src/model/network-of.ts';
import { interfacesRequestSchema } from '../../src/model/published-addresses.ts';
import { roleRequestSchema } from '../../src/model/role-api.ts';
import { renewRequestSchema } from '../../src/model/trust.ts';
import { uuidV7 } from '../../src/model/uuid.ts';
import { canonicalAddress, parseVirtualAddress } from '../../src/model/virtual-address.ts';
import { checkedPolicySchema } from '../../src/policies/checked-policy.ts';
import { parseYaml } from '../../src/runtime/yaml.ts';
import { certificateInfo } from '../../src/security/certificate-info.ts';
import { parseIdentityFile } from '../../src/security/identity-file.ts';
import { parseJoinToken, printJoinToken } from '../../src/security/join-token.ts';
import { makeKeyPair } from '../../src/security/key-pair.ts';
import { makeRenewal, verifyProof, verifyRenewal } from '../../src/security/proof.ts';
import { TestPool } from '../../src/security/test-pool.ts';
import { parseTrust } from '../../src/security/trust.ts';
import { readBatch } from '../../src/server/agents/read-batch.ts';
import { serverConfigSchema } from '../../src/server/config.ts';
import { decodePositions } from '../../src/server/http/positions-id.ts';
import { routeOf } from '../../src/model/permissions.ts';

/** Something of ours that reads what strangers send or people write. */
export interface FuzzedParser {
  readonly name: string;
  readonly examples: readonly string[];
  /** Bytes rather than text: the examples are latin1. */
  readonly isBinary?: boolean;
  /** Returns, or throws a WatchError; anything else is a fault. `expected` names what Node itself throws there. */
  readonly read: (text: string, bytes: Uint8Array) => unknown;
  readonly expected?: (error: unknown) => boolean;
}

const pool = await TestPool.make();
const identity = pool.identity('agent');
const agent = await pool.credentials(identity);
const keys = makeKeyPair();
const renewal = makeRenewal(agent, keys);
const token = printJoinToken({
  pool: pool.id,
  authorityFingerprint: 'ab'.repeat(32),
  secret: Buffer.alloc(20, 7).toString('base64url'),
});
const join = {
  token,
  kind: 'agent',
  name: 'web-1',
  coreId: identity.coreId,
  publicKeyPem: keys.publicKeyPem,
  proof: renewal.proof,
};
const origin = `${identity.coreId}.00000001`;

const bodies = [
  join,
  renewal,
  { kind: 'annotate', messages: ['0190a6f4-0000-7000-8000-0000000000ff'], text: 'seen' },
  { action: 'pin', server: 'm1', failback: 'manual', order: ['m1', 'm2'] },
  { interfaces: ['+10.0.0.1', '-fd00::1'] },
].map((body) => JSON.stringify(body));
const bodySchemas = z.union([
  joinRequestSchema,
  renewRequestSchema,
  operationRequestSchema,
  roleRequestSchema,
  interfacesRequestSchema,
  messagePageQuerySchema,
]);

const frames = [
  encodeFrame({ type: 'hello', protocolMin: 1, protocolMax: 3, name: 'web-1', version: '1' }),
  encodeFrame({ type: 'batch', batch: 1, count: 2 }, Buffer.from('body of a batch')),
  encodeFrame({ type: 'ping', id: 7 }),
  encodeFrame({ type: 'positions', positions: { [origin]: 7 }, epochs: { acting: 3 } }),
  encodeFrame({ type: 'refused', code: 'WK_DENIED', text: 'no', retry: false }),
].map((frame) => Buffer.from(frame).toString('latin1'));

const batches = [
  {
    node: identity.coreId,
    nodeName: 'web-1',
    messages: [{ id: uuidV7(1, new Uint8Array(10)), createdMs: 1, severity: 'minor', text: 'a' }],
  },
].map((body) => JSON.stringify(body));

const uuid = '0190a6f4-0000-4000-8000-0000000000ff';
const configs = [
  `name: web-1\ncoreId: ${uuid}\npool: ${uuid}\nservers: [https://a:1]\ndata: d\nidentity: {certificate: c, key: k, authorities: a}\n`,
  `{pool: {id: ${uuid}, name: p}, server: {coreId: ${uuid}, name: m}, listen: 'h:1', data: /d, coordination: 'sqlite:/c'}`,
  'lease: {ttl: 3s}\njournal:\n  keep: 7d # days\n',
];
const policies = [
  'kind: log-file\nname: app\npath: /var/log/app\nconditions:\n  - pattern: "error <*>"\n    severity: major\n    text: "${1}"\n',
  'kind: command\nname: disk\ncommand: [/bin/df, -h]\nevery: 1m\n',
];
const flexible = [
  'TIMETEMPLATES TIMETEMPLATE "a" DESCRIPTION "" TIMETMPLCONDS TIMETMPLCOND TIME FROM 8:00 TO 24:00 WEEKDAY ON Monday',
  'RESPMGRCONFIGS RESPMGRCONFIG DESCRIPTION "" SECONDARYMANAGERS SECONDARYMANAGER NODE IP 0.0.0.0 "a"',
  'MSGTARGETRULES MSGTARGETRULE DESCRIPTION "" MSGTARGETRULECONDS MSGTARGETRULECOND SEVERITY Major TEXT "<#.n>"',
];
const urls = [
  'https://wk1.example:7100',
  'etcd://10.0.0.1:2379,[::1]:2379/prefix',
  'etcds://h:1/p?ca=/ca.pem&cert=/c.pem&key=/k.pem',
  'managed:h:1,h:2',
  identityUri(identity),
  '[fd00::7]:7100',
  '10.0.0.7',
  '/api/v1/messages/0190a6f4?severity=major&text=a%20b',
  `${origin}=7`,
];

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readUrl(text: string): void {
  parseEtcdUrl(text);
  parseManagedMembers(text);
  parseAddress(text);
  parseVirtualAddress(text);
  canonicalAddress(text);
  networkOf(text);
  identityOfNames(`URI:${text}`, null);
  routeOf('GET', text);
  decodePositions(text);
}

function readProofs(text: string): void {
  const body = parseOrNull(text);
  const asked = renewRequestSchema.safeParse(body);
  if (asked.success) verifyRenewal(asked.data);
  const joining = joinRequestSchema.safeParse(body);
  if (joining.success) verifyProof(joining.data);
}

/** What the crypto library says of bytes that are no certificate or key; callers turn it into an answer. */
function isCryptoError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^ERR_(OSSL|CRYPTO|INVALID_ARG|STRING_TOO_LONG)/.test(code);
}

/** The slowest first, so that two processes end at about the same time. */
export const parsers: readonly FuzzedParser[] = [
  {
    name: 'config',
    examples: configs,
    read: (text) => parseYaml(text, text.startsWith('n') ? agentConfigSchema : serverConfigSchema, 'f'),
  },
  { name: 'policies', examples: policies, read: (text) => parseYaml(text, checkedPolicySchema, 'f') },
  { name: 'frames', examples: frames, isBinary: true, read: (_text, bytes) => decodeFrame(bytes) },
  {
    name: 'batches',
    examples: batches,
    read: (text) => {
      const bytes = zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
      return readBatch(bytes);
    },
  },
  { name: 'json-bodies', examples: bodies, read: (text) => bodySchemas.safeParse(parseOrNull(text)) },
  { name: 'requests', examples: bodies.slice(0, 2), read: readProofs },
  {
    name: 'certificates',
    examples: [agent.certificatePem, pool.authority.certificatePem],
    read: (text) => certificateInfo(text),
    expected: isCryptoError,
  },
  {
    name: 'identity-files',
    examples: [
      agent.keyPem + agent.certificatePem + pool.authority.certificatePem,
      `# pool: ${pool.id} south\n${pool.authority.certificatePem}`,
    ],
    read: (text) => (text.startsWith('#') ? parseTrust(text) : parseIdentityFile(text, 'f')),
  },
  { name: 'join-tokens', examples: [token], read: (text) => parseJoinToken(text) },
  { name: 'flexible-management', examples: flexible, read: (text) => readPolicy(text, 'server') },
  { name: 'urls', examples: urls, read: readUrl },
];
