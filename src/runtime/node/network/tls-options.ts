import { constants, X509Certificate } from 'node:crypto';
import type { Credentials } from '../../network.ts';

/** TLS 1.3 and nothing else, and no session tickets: a resumed session would outlive a revocation. */
export const tlsOptions = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

/** Our certificate followed by the authority that signed it, so that a newcomer can check its fingerprint. */
export function certificateChain(credentials: Credentials): string {
  const leaf = new X509Certificate(credentials.certificatePem);
  const issuers = credentials.authorityPems.filter((pem) => leaf.checkIssued(new X509Certificate(pem)));
  return [credentials.certificatePem, ...issuers].map((pem) => pem.trim()).join('\n') + '\n';
}

export function serverContext(credentials: Credentials) {
  return {
    ...tlsOptions,
    cert: certificateChain(credentials),
    key: credentials.keyPem,
    ca: [...credentials.authorityPems],
  };
}

export function clientContext(credentials: Credentials | undefined, authorityPems: readonly string[]) {
  return {
    ...tlsOptions,
    ca: [...authorityPems],
    ...(credentials && { cert: credentials.certificatePem, key: credentials.keyPem }),
  };
}
