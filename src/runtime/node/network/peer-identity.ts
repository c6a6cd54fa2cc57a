import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { identityOfNames, type IdentityVerdict } from '../../../model/certificate-names.ts';
import type { Identity } from '../../../model/identity.ts';

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

/** The identity that an HTTP request's client certificate proves; null where there is none or it is not valid. */
export function peerIdentity(request: IncomingMessage, pool: string): Identity | null {
  const verdict = identityOfSocket(request.socket, pool);
  return 'identity' in verdict ? verdict.identity : null;
}
