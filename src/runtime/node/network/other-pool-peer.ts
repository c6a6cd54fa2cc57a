import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { identityOfNames } from '../../../model/certificate-names.ts';
import type { Identity } from '../../../model/identity.ts';
import type { OtherPoolTrust } from '../../network.ts';

/** Of the extended uses of a key, that of a TLS client. */
const clientUse = '1.3.6.1.5.5.7.3.2';

/** Who of another pool may come on the link: with messages of its own, or with those that its pool shares. */
const guestKinds: readonly Identity['kind'][] = ['agent', 'server'];

/**
 * The agent or server of another pool whose certificate a socket shows; null when it is none, or not one of `pools`. TLS itself knows
 * our own authorities only and so finds it unverified (it has proved that the peer holds the key all the same); what
 * makes it good is looked at here: one of that very pool's authorities signed it, for that pool, and it is in date.
 */
export function peerOfOtherPool(
  socket: unknown,
  pools: readonly OtherPoolTrust[],
  nowMs: number,
): Identity | null {
  if (pools.length === 0 || !(socket instanceof TLSSocket)) return null;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return null;
  const verdict = identityOfNames(certificate.subjectAltName, null);
  if ('refused' in verdict || !guestKinds.includes(verdict.identity.kind)) return null;
  const trusted = pools.find(({ pool }) => pool === verdict.identity.pool);
  if (!trusted || !isInDate(certificate, nowMs)) return null;
  const authorities = trusted.authorityPems.map((pem) => new X509Certificate(pem));
  const isSigned = authorities.some((authority) => signed(authority, certificate, nowMs));
  return isSigned && !certificate.ca && mayBeClient(certificate) ? verdict.identity : null;
}

function signed(authority: X509Certificate, certificate: X509Certificate, nowMs: number): boolean {
  if (!authority.ca || !isInDate(authority, nowMs) || !certificate.checkIssued(authority)) return false;
  return certificate.verify(authority.publicKey);
}

function isInDate({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return Date.parse(validFrom) <= nowMs && nowMs <= Date.parse(validTo);
}

/** Node gives the extended uses under this name. */
function mayBeClient({ keyUsage }: X509Certificate): boolean {
  return (keyUsage as readonly string[] | undefined)?.includes(clientUse) ?? false;
}
