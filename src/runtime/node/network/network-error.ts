import { textOf, WatchError } from '../../../model/errors.ts';

/** What the codes of the TLS library mean to a person; the rest is shown by its code. */
const tlsTexts: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired, or the clock of this machine is wrong',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet, or the clock of this machine is wrong',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself, not by an authority of this pool',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority of another pool',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not signed by an authority of this pool',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is not signed by an authority of this pool',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not signed by an authority of this pool',
  CERT_SIGNATURE_FAILURE: 'its certificate is not signed by an authority of this pool',
  INVALID_PURPOSE: 'its certificate is not one of a server',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on this port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS on this port',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it does not speak TLS 1.3',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it does not speak TLS 1.3',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants a client certificate and none was shown',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not know the authority that signed our certificate',
};

const unreachableTexts: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the name service does not answer',
  ETIMEDOUT: 'the host does not answer',
  EADDRNOTAVAIL: 'this machine has no address to reach it from',
};

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function isTls(code: string): boolean {
  return code in tlsTexts || /^(ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_|EPROTO)/.test(code);
}

/** Any failure of reaching `where`, as one of the port's errors. */
export function networkError(error: unknown, where: string): WatchError {
  if (error instanceof WatchError) return error;
  const code = errorCode(error);
  if (isTls(code)) {
    const because = tlsTexts[code] ?? `the TLS handshake failed (${code})`;
    return new WatchError('WK_UNAUTHENTICATED', `${where} cannot be trusted: ${because}`, { cause: error });
  }
  const because = unreachableTexts[code] ?? (textOf(error) || code || 'the connection failed');
  return new WatchError('WK_UNREACHABLE', `${where} cannot be reached: ${because}`, { cause: error });
}

/** A failure to bind `host:port`. */
export function listenError(error: unknown, host: string, port: number): WatchError {
  const where = `${host}:${port}`;
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return new WatchError(
        'WK_PORT_IN_USE',
        `${where} is in use by another process; stop it or choose another port`,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new WatchError('WK_CONFIG', `${where} is not an address of this machine; correct the host`, {
        cause: error,
      });
    case 'EACCES':
      return new WatchError('WK_DENIED', `${where} may not be bound by this user; choose a port above 1023`, {
        cause: error,
      });
    default:
      return new WatchError('WK_UNAVAILABLE', `${where} could not be bound: ${textOf(error)}`, {
        cause: error,
      });
  }
}
