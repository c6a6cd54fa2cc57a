import { z } from 'zod';
import { identityUri, type Identity } from '../model/identity.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { signLeaf, signRoot, type Signer } from './certificate.ts';
import { makeKeyPair } from './key-pair.ts';
import { validityOf } from './lifetimes.ts';

const dayMs = 86_400_000;

/** Authorities are valid from before they are made, since clocks of managed nodes run late. */
const backdatedMs = 30 * dayMs;
const authorityMs = 10 * 365 * dayMs;

/** A pool's certificate authority: whoever has the key can name servers, agents and users of the pool. */
export type Authority = Signer;

interface Ports {
  readonly clock: Clock;
  readonly random: Random;
}

export async function makeAuthority(poolName: string, { clock, random }: Ports): Promise<Authority> {
  const keys = makeKeyPair();
  const nowMs = clock.wallMs();
  const certificatePem = await signRoot(
    {
      publicKeyPem: keys.publicKeyPem,
      commonName: `Watchkeeper pool ${poolName}`,
      notBeforeMs: nowMs - backdatedMs,
      notAfterMs: nowMs + authorityMs,
      serial: random.bytes(16),
    },
    keys.keyPem,
  );
  return { certificatePem, keyPem: keys.keyPem };
}

export interface CertificateRequest {
  readonly identity: Identity;
  readonly publicKeyPem: string;
  /** Shown to people; decides nothing. */
  readonly name: string;
  /** Those who listen only: host names and addresses under which tools other than ours may know it. */
  readonly hosts?: readonly string[];
  /** When and under which number, where that was written down beforehand. */
  readonly as?: { readonly nowMs: number; readonly serial: Uint8Array };
  /** In place of what its kind lives. */
  readonly livesMs?: number;
}

/** A certificate (PEM) with exactly one URI name, the identity. Who listens may dial too, others only dial. */
export function issueCertificate(
  authority: Authority,
  request: CertificateRequest,
  { clock, random }: Ports,
): Promise<string> {
  const { nowMs, serial } = request.as ?? { nowMs: clock.wallMs(), serial: random.bytes(16) };
  const { kind } = request.identity;
  const listens = kind === 'server' || kind === 'witness' || kind === 'interface';
  const { notBeforeMs, notAfterMs } = validityOf(kind, nowMs);
  const { livesMs } = request;
  const validity = { notBeforeMs, notAfterMs: livesMs === undefined ? notAfterMs : nowMs + livesMs };
  const hosts = listens ? [...new Set(request.hosts)] : [];
  return signLeaf(
    {
      publicKeyPem: request.publicKeyPem,
      commonName: request.name,
      uris: [identityUri(request.identity)],
      dnsNames: hosts.filter((host) => !isIp(host)),
      ipAddresses: hosts.filter(isIp),
      // A virtual interface is dialled and never dials.
      usages: kind === 'interface' ? ['server'] : listens ? ['server', 'client'] : ['client'],
      ...validity,
      serial,
    },
    authority,
  );
}

function isIp(host: string): boolean {
  return z.ipv4().safeParse(host).success || z.ipv6().safeParse(host).success;
}
