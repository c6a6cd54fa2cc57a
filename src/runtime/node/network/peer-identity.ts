import type { IncomingMessage } from 'node:http';
import { hash, type X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { identityOfNames, type IdentityVerdict } from '../../../model/certificate-names.ts';
import type { Identity } from '../../../model/identity.ts';
import type { PeerCertificate } from '../../network.ts';

/** Rests on the TLS library's final result alone: no verified certificate, no identity. */
export function identityOfSocket(socket: unknown, pool: string): IdentityVerdict {
  if (!(socket instanceof TLSSocket)) return { refused: 'the connection is not encrypted' };
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return { refused: 'no client certificate was shown' };
  if (!socket.authorized) {
    const because = String(socket.authorizationError ?? 'unknown reason');
    return { refused: `the client certificate was not accepted (${because})` };
  }
  return identityOfNames(certificate.subjectAltName, pool);
}

export function peerCertificate(socket: TLSSocket): PeerCertificate | null {
  const certificate: X509Certificate | undefined = socket.getPeerX509Certificate();
  if (!certificate) return null;
  const keySha256 = hash('sha256', certificate.publicKey.export({ type: 'spki', format: 'der' }));
  return { keySha256, notAfterMs: Date.parse(certificate.validTo) };
}

/** The identity that an HTTP request's client certificate proves; null where there is none or it is not valid. */
export function peerIdentity(request: IncomingMessage, pool: string): Identity | null {
  const verdict = identityOfSocket(request.socket, pool);
  return 'identity' in verdict ? verdict.identity : null;
}
