import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Coordination } from '../coordination/coordination.ts';
import { keys, poolSchema, type Pool } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import { trustSchema, type Trust, type TrustedAuthority } from '../model/trust.ts';
import { isUuid, type Uuid } from '../model/uuid.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { makeAuthority, type Authority } from './authority.ts';
import { fingerprintOf, parseCertificates } from './certificate-info.ts';
import { etcdBehind } from './etcd-behind.ts';
import { mustKeepEtcd } from './etcd-voters.ts';
import { listIdentities, type ListedIdentity } from './identity-list.ts';
import { seal } from './seal.ts';

/** What a pool believes: as changed, or as it was founded. */
export function trustOf(pool: Pool, changed: Trust | null): Trust {
  if (changed !== null) return changed;
  const [first = ''] = pool.authorities;
  const signs = fingerprintOf(first);
  const founded = { pool: pool.id, name: pool.name, addedMs: pool.createdMs, by: 'pool create' };
  return {
    authorities: pool.authorities.map((certificatePem) => ({
      ...founded,
      certificatePem,
      sealedKey: null,
      sealedBy: null,
    })),
    signsServers: signs,
    signsOthers: signs,
  };
}

/** The authorities that may name identities of this pool, the one that signs for servers first. */
export function ownAuthorityPems(pool: Uuid, trust: Trust): string[] {
  const own = trust.authorities.filter((authority) => authority.pool === pool);
  const pems = own.map(({ certificatePem }) => certificatePem);
  return pems.toSorted((a, b) => rank(a, trust) - rank(b, trust));
}

function rank(pem: string, { signsServers }: Trust): number {
  return fingerprintOf(pem) === signsServers ? 0 : 1;
}

interface Ports {
  readonly coordination: Coordination;
  readonly clock: Clock;
  readonly random: Random;
}

/** Errors: WK_NOT_FOUND (there is no pool). */
export async function readTrust(
  coordination: Coordination,
): Promise<{ readonly pool: Pool; readonly trust: Trust; readonly revision: number }> {
  const [poolItem, item] = await Promise.all([coordination.get(keys.pool), coordination.get(keys.trust)]);
  if (poolItem === null) throw new WatchError('WK_NOT_FOUND', 'the coordinator holds no pool');
  const pool = poolSchema.parse(JSON.parse(poolItem.value));
  const changed = item === null ? null : trustSchema.parse(JSON.parse(item.value));
  return { pool, trust: trustOf(pool, changed), revision: item?.revision ?? 0 };
}

/** Changes what is believed; every server hears of it at once, and every agent that is connected. */
async function changeTrust(
  coordination: Coordination,
  change: (trust: Trust, pool: Pool) => Trust,
): Promise<Trust> {
  const { pool, trust, revision } = await readTrust(coordination);
  const next = change(trust, pool);
  const result = await coordination.transact({
    conditions: [{ key: keys.trust, revision }],
    writes: [{ key: keys.trust, value: JSON.stringify(trustSchema.parse(next)) }],
  });
  if (!result.done) throw new WatchError('WK_CONFLICT', 'the trust was changed in the meantime; try again');
  return next;
}

/** The authorities of this pool as a file that another pool can import. */
export async function exportTrust(coordination: Coordination): Promise<string> {
  const { pool, trust } = await readTrust(coordination);
  const pems = ownAuthorityPems(pool.id, trust).map((pem) => `${pem.trim()}\n`);
  return `# Watchkeeper trust\n# pool: ${pool.id} ${pool.name}\n${pems.join('')}`;
}

/** What an exported file says. WK_BAD_REQUEST where it is none. */
export function parseTrust(text: string): { pool: Uuid; name: string; certificatePems: string[] } {
  const [, pool = '', name = ''] = /^# pool: (\S+) ([A-Za-z0-9._-]{1,63})$/m.exec(text) ?? [];
  const certificatePems = parseCertificates(text);
  if (!isUuid(pool) || certificatePems.length === 0 || certificatePems.length > 16)
    throw new WatchError(
      'WK_BAD_REQUEST',
      'this is no exported trust; make one with `watchkeeper trust export`',
    );
  for (const found of certificatePems) checkAuthority(found);
  return { pool, name, certificatePems };
}

function checkAuthority(certificatePem: string): void {
  if (!isAuthority(certificatePem))
    throw new WatchError('WK_BAD_REQUEST', 'a certificate in it is not one of an authority');
}

function isAuthority(certificatePem: string): boolean {
  try {
    const certificate = new X509Certificate(certificatePem);
    return certificate.ca && certificate.verify(certificate.publicKey);
  } catch {
    // What cannot be read is no authority either.
    return false;
  }
}

/**
 * Believes another pool's authorities, for that pool. `merge` adds to what is believed for it, `replace` puts the file in
 * its place. Errors: WK_BAD_REQUEST (also for our own pool, whose authorities come by rotation only).
 */
export function importTrust(
  { coordination, clock }: Pick<Ports, 'coordination' | 'clock'>,
  text: string,
  how: 'merge' | 'replace',
  by: string,
): Promise<Trust> {
  const { pool, name, certificatePems } = parseTrust(text);
  return changeTrust(coordination, (trust, own) => {
    if (pool === own.id)
      throw new WatchError(
        'WK_BAD_REQUEST',
        'this is the trust of this very pool; it gets new authorities by `trust rotate`',
      );
    const kept = trust.authorities.filter((known) => how === 'merge' || known.pool !== pool);
    const known = new Set(kept.map(({ certificatePem }) => fingerprintOf(certificatePem)));
    const added = certificatePems
      .filter((certificatePem) => !known.has(fingerprintOf(certificatePem)))
      .map((certificatePem) => ({
        certificatePem,
        pool,
        name,
        by,
        addedMs: clock.wallMs(),
        sealedKey: null,
        sealedBy: null,
      }));
    return { ...trust, authorities: [...kept, ...added] };
  });
}

/**
 * A second authority of our own: from now on it signs for everybody but servers, and is believed by all; servers go on
 * showing certificates that those who have not heard of it believe. Errors: WK_CONFLICT (a rotation is under way).
 */
export function startRotation(ports: Ports, signer: Authority, by: string): Promise<Trust> {
  return rotate(ports, signer, by, null);
}

/**
 * The same when somebody else has the present key: the next one's does not come near the coordinator, where it would be
 * sealed with the present one. `keep` has it on the disk before it is believed; a person brings it to the other servers.
 */
export function startRotationByHand(
  ports: Ports,
  signer: Authority,
  by: string,
  keep: (next: Authority) => Promise<void>,
): Promise<Trust> {
  return rotate(ports, signer, by, keep);
}

async function rotate(
  { coordination, clock, random }: Ports,
  signer: Authority,
  by: string,
  keep: ((next: Authority) => Promise<void>) | null,
): Promise<Trust> {
  const { pool } = await readTrust(coordination);
  const next = await makeAuthority(pool.name, { clock, random });
  const present = fingerprintOf(signer.certificatePem);
  const authority: TrustedAuthority = {
    certificatePem: next.certificatePem,
    pool: pool.id,
    name: pool.name,
    addedMs: clock.wallMs(),
    by,
    sealedKey: keep === null ? seal(next.keyPem, signer.keyPem, random) : null,
    sealedBy: keep === null ? present : null,
  };
  await keep?.(next);
  return changeTrust(coordination, (trust) => {
    if (trust.signsOthers !== trust.signsServers)
      throw new WatchError('WK_CONFLICT', 'a rotation is under way; finish it first (trust rotate --finish)');
    if (present !== trust.signsOthers)
      throw new WatchError(
        'WK_CONFLICT',
        'this server has not the key of the authority that signs now; do it on another',
      );
    const authorities = [...trust.authorities, authority];
    return { ...trust, authorities, signsOthers: fingerprintOf(next.certificatePem) };
  });
}

/**
 * Whether this key may sign for the pool: its certificate is believed, and it is the key of it. Errors: WK_BAD_REQUEST.
 */
export function assertAdoptable(pool: Uuid, trust: Trust, { keyPem, certificatePem }: Authority): void {
  const fingerprint = fingerprintOf(certificatePem);
  const isBelieved = ownAuthorityPems(pool, trust).some((pem) => fingerprintOf(pem) === fingerprint);
  if (!isBelieved)
    throw new WatchError(
      'WK_BAD_REQUEST',
      `the pool does not believe the authority ${fingerprint.slice(0, 16)}; see trust list`,
    );
  if (!new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem)))
    throw new WatchError('WK_BAD_REQUEST', 'the key in the file is not the one of its certificate');
}

/**
 * Whom servers with certificates of the authority `fingerprint` would lock out: who has one, still good, of another authority,
 * and each server and witness whose etcd was not started anew with it.
 */
export async function notFollowed(
  coordination: Coordination,
  identities: readonly ListedIdentity[],
  fingerprint: string,
): Promise<ListedIdentity[]> {
  const etcd = await etcdBehind(coordination, identities, ({ believes }) => believes.includes(fingerprint));
  return [...etcd, ...notRenewed(identities, fingerprint)];
}

function notRenewed(identities: readonly ListedIdentity[], fingerprint: string): ListedIdentity[] {
  return identities.filter(
    ({ kind, enrolled, revocation, record }) =>
      kind !== 'server' &&
      kind !== 'witness' &&
      enrolled &&
      revocation === null &&
      record?.authority !== fingerprint,
  );
}

/**
 * Servers are signed for by the new authority too. WK_CONFLICT while somebody would not believe them (`force`: anyway), or while
 * the pool's own etcd would not.
 */
export async function finishRotation(coordination: Coordination, force: boolean): Promise<Trust> {
  const identities = await listIdentities(coordination);
  const { trust: known } = await readTrust(coordination);
  const behind = await notFollowed(coordination, identities, known.signsOthers);
  await mustKeepEtcd(coordination, identities, ({ believes = [] }) => believes.includes(known.signsOthers));
  return changeTrust(coordination, (trust) => {
    if (behind.length > 0 && !force) {
      const names = behind.slice(0, 10).map(({ name }) => name);
      const more = behind.length > names.length ? ` and ${behind.length - names.length} more` : '';
      throw new WatchError(
        'WK_CONFLICT',
        `${names.join(', ')}${more} would not believe the servers any more; see trust list, wait, or give --force and have them join anew`,
      );
    }
    return { ...trust, signsServers: trust.signsOthers };
  });
}

/**
 * By fingerprint, or its beginning. Errors: WK_NOT_FOUND, WK_CONFLICT (it signs, or somebody's certificate is signed by it;
 * `force` overlooks the second), WK_CONFLICT while the pool's own etcd would lose its majority.
 */
export async function removeTrust(
  coordination: Coordination,
  fingerprint: string,
  force: boolean,
): Promise<TrustedAuthority> {
  const identities = await listIdentities(coordination);
  const etcd = await etcdBehind(
    coordination,
    identities,
    ({ signedBy }) => signedBy?.startsWith(fingerprint.toLowerCase()) !== true,
  );
  const isSignedByIt = (by: string): boolean => by.startsWith(fingerprint.toLowerCase());
  if (fingerprint.length >= 8)
    await mustKeepEtcd(coordination, identities, ({ signedBy }) => !isSignedByIt(signedBy ?? ''));
  let removed: TrustedAuthority | undefined;
  await changeTrust(coordination, (trust, pool) => {
    const found = trust.authorities.filter(({ certificatePem }) =>
      fingerprintOf(certificatePem).startsWith(fingerprint.toLowerCase()),
    );
    [removed] = found;
    if (removed === undefined || found.length > 1 || fingerprint.length < 8)
      throw new WatchError('WK_NOT_FOUND', `no one authority begins with ${fingerprint}; see trust list`);
    const whole = fingerprintOf(removed.certificatePem);
    if (whole === trust.signsOthers || whole === trust.signsServers)
      throw new WatchError('WK_CONFLICT', 'it signs certificates of this pool; rotate first (trust rotate)');
    const signed = identities.filter(
      ({ enrolled, revocation, record }) => enrolled && revocation === null && record?.authority === whole,
    );
    const users = removed.pool === pool.id ? [...new Set([...signed, ...etcd])] : signed;
    if (users.length > 0 && !force)
      throw new WatchError(
        'WK_CONFLICT',
        `${users.length} certificates are signed by it (${users[0]?.name}, …) and would count nowhere; wait, or give --force`,
      );
    return { ...trust, authorities: trust.authorities.filter((authority) => authority !== removed) };
  });
  if (removed === undefined) throw new WatchError('WK_NOT_FOUND', `no authority begins with ${fingerprint}`);
  return removed;
}
