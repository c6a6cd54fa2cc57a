import { X509Certificate } from 'node:crypto';
import { WatchError } from '../../src/model/errors.ts';
import { identityUri, parseIdentityUri, type Identity } from '../../src/model/identity.ts';
import type { Credentials } from '../../src/runtime/network.ts';

/** Credentials that are nothing but a name: the simulated network believes them. */
export function simCredentials(identity: Identity): Credentials {
  return { certificatePem: identityUri(identity), keyPem: 'simulated', authorityPems: ['simulated'] };
}

/** The identity in simulated credentials, or the URI name of a real certificate (its signature is not checked). */
export function identityOf(credentials: Credentials): Identity {
  const simulated = parseIdentityUri(credentials.certificatePem);
  if (simulated) return simulated;
  const name = new X509Certificate(credentials.certificatePem).subjectAltName ?? '';
  const identity = parseIdentityUri(name.replace(/^URI:/, ''));
  if (!identity) throw new WatchError('WK_UNAUTHENTICATED', `no identity in ${name}`);
  return identity;
}
