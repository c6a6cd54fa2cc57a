import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import {
  checkServerIdentity as checkHostName,
  connect as tlsConnect,
  type PeerCertificate,
  type TLSSocket,
} from 'node:tls';
import { WebSocket } from 'ws';
import { WatchError } from '../../../model/errors.ts';
import { identityOfNames } from '../../../model/certificate-names.ts';
import type { Identity } from '../../../model/identity.ts';
import type { ConnectOptions, Transport } from '../../network.ts';
import { nodeTimers } from '../clock.ts';
import { hostOf, portOf } from './address.ts';
import { networkError } from './network-error.ts';
import { clientContext } from './tls-options.ts';
import { webSocketOptions, WsTransport } from './ws-transport.ts';

const refusalBytesMax = 1_024;

/** Dials the link of a server. Resolves once the server has taken our certificate and upgraded the connection. */
export function connect(options: ConnectOptions): Promise<Transport> {
  const where = `the server at ${options.url}`;
  if (options.signal?.aborted) return Promise.reject(stopped(where));
  return new Promise((resolve, reject) => {
    let peer: Identity | null = null;
    let socket: Socket | null = null;
    const webSocket = openWebSocket(options, (identity) => (peer = identity));
    const timer = nodeTimers.after(options.timeoutMs, () => fail(noAnswer(where, options.timeoutMs)));
    const abort = (): void => fail(stopped(where));
    options.signal?.addEventListener('abort', abort);
    function settle(): void {
      timer.cancel();
      options.signal?.removeEventListener('abort', abort);
    }
    function fail(error: unknown): void {
      settle();
      reject(networkError(error, where));
      webSocket.terminate();
    }
    webSocket.on('error', fail);
    webSocket.on('unexpected-response', (_request, response) => void refusalOf(response, where).then(fail));
    webSocket.on('upgrade', (response) => (socket = response.socket));
    webSocket.on('open', () => {
      if (!peer || !socket)
        return fail(new WatchError('WK_UNAUTHENTICATED', `${where} did not prove its name`));
      settle();
      webSocket.off('error', fail);
      resolve(new WsTransport(webSocket, socket, peer));
    });
  });
}

function openWebSocket(options: ConnectOptions, onPeer: (identity: Identity) => void): WebSocket {
  const url = new URL('/link', options.url);
  if (url.protocol !== 'https:')
    throw new WatchError('WK_CONFIG', `${options.url} is not a server address; it must start with https://`);
  url.protocol = 'wss:';
  return new WebSocket(url, {
    ...webSocketOptions,
    maxPayload: options.messageBytesMax,
    // Masks protect proxies that read plain HTTP; inside TLS they only cost time. Zero means: leave as is.
    generateMask: (mask) => void mask.fill(0),
    createConnection: () => dial(url, options, onPeer),
  });
}

function dial(url: URL, options: ConnectOptions, onPeer: (identity: Identity) => void): TLSSocket {
  return tlsConnect({
    ...clientContext(options.credentials, options.credentials.authorityPems),
    host: hostOf(url),
    port: portOf(url),
    ...serverNameOf(url),
    ALPNProtocols: ['http/1.1'],
    checkServerIdentity: (_host, certificate) => {
      const verdict = serverVerdict(certificate, options.pool, hostOf(url));
      if (verdict instanceof Error) return verdict;
      onPeer(verdict);
      return undefined;
    },
  });
}

/** Where several certificates are shown on one port, the name that was dialled says which; addresses cannot be sent. */
function serverNameOf(url: URL): { servername?: string } {
  const host = hostOf(url);
  return isIP(host) === 0 ? { servername: host } : {};
}

/**
 * A server is known by its URI name, not by its host name: a virtual interface may answer from any host. A certificate
 * of a virtual interface itself must name the very host that was dialled, so that none speaks for another.
 */
export function serverVerdict(
  certificate: PeerCertificate,
  pool: string | null,
  host: string,
): Identity | WatchError {
  const verdict = identityOfNames(certificate.subjectaltname, pool);
  if ('refused' in verdict)
    return new WatchError('WK_UNAUTHENTICATED', `the server cannot be trusted: ${verdict.refused}`);
  if (verdict.identity.kind === 'interface') {
    const other = checkHostName(host, certificate);
    if (other === undefined) return verdict.identity;
    return new WatchError(
      'WK_UNAUTHENTICATED',
      `the server cannot be trusted: its certificate is of another virtual interface than ${host}`,
    );
  }
  if (verdict.identity.kind !== 'server')
    return new WatchError(
      'WK_UNAUTHENTICATED',
      `the server cannot be trusted: its certificate is one of a ${verdict.identity.kind}`,
    );
  return verdict.identity;
}

async function refusalOf(response: IncomingMessage, where: string): Promise<WatchError> {
  let text = '';
  response.setEncoding('utf8');
  try {
    for await (const part of response) {
      text += String(part);
      if (text.length > refusalBytesMax) break;
    }
  } catch (error) {
    return networkError(error, where);
  }
  const line = text.slice(0, refusalBytesMax).replaceAll(/\s+/g, ' ').trim();
  if (response.statusCode === 401)
    return new WatchError('WK_UNAUTHENTICATED', `${where} refused this machine: ${line}`);
  return new WatchError('WK_UNREACHABLE', `${where} has no link (status ${response.statusCode}): ${line}`);
}

function noAnswer(where: string, timeoutMs: number): WatchError {
  return new WatchError('WK_TIMEOUT', `${where} did not answer within ${timeoutMs} ms`);
}

function stopped(where: string): WatchError {
  return new WatchError('WK_UNREACHABLE', `${where} was not reached: stopped by us`);
}
