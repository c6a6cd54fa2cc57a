import { createServer, type Server } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext } from 'node:tls';
import { WebSocketServer } from 'ws';
import type { IdentityVerdict } from '../../../model/certificate-names.ts';
import { WatchError } from '../../../model/errors.ts';
import type { Log } from '../../log.ts';
import type { Credentials, HttpHandler, Listener, ListenOptions } from '../../network.ts';
import { nodeClock } from '../clock.ts';
import { listenError } from './network-error.ts';
import { peerOfOtherPool } from './other-pool-peer.ts';
import { identityOfSocket } from './peer-identity.ts';
import { RefusalLog } from './refusal-log.ts';
import { boundNewcomers } from './bound-newcomers.ts';
import { boundStrangers } from './bound-strangers.ts';
import { EdgeAnswers } from './edge-answers.ts';
import { RefusedPeers } from './refused-peers.ts';
import { serverContext } from './tls-options.ts';
import { webSocketOptions, WsTransport } from './ws-transport.ts';

/** What strangers may cost before and beside the link. */
export interface ListenLimits {
  readonly handshakeTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly headerBytesMax: number;
  readonly connectionsMax: number;
  /** Handshakes under way at once, from everywhere and from one address (or IPv6 network of 64 bits). */
  readonly handshakesMax: number;
  readonly handshakesPerAddressMax: number;
  /** New connections from one address: so many at once after a quiet time, and so many a second from then on. */
  readonly connectionBurst: number;
  readonly connectionsPerSecond: number;
  /** Open connections without a certificate of the pool, from everywhere and from one address. */
  readonly strangersMax: number;
  readonly strangersPerAddressMax: number;
}

export const listenLimits: ListenLimits = {
  handshakeTimeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 10_000,
  headerBytesMax: 16_384,
  connectionsMax: 16_384,
  handshakesMax: 1_024,
  handshakesPerAddressMax: 256,
  connectionBurst: 1_000,
  connectionsPerSecond: 200,
  strangersMax: 8_192,
  strangersPerAddressMax: 1_024,
};

/** One TLS port: the link at `/link` for peers with a certificate of this pool, HTTP for everything else. */
export async function listen(options: ListenOptions, log: Log, limits: ListenLimits): Promise<Listener> {
  const refusals = new RefusalLog(log);
  const answers = new EdgeAnswers(options.answerHeaders);
  const byName = new Map<string, SecureContext>();
  const server = makeServer(
    limits,
    options.credentials,
    byName,
    answers.handler((request, response) => {
      const why = refusedPeers.whyOf(request.socket);
      if (why !== null) return answers.json(response, 403, 'WK_REVOKED', why);
      if (options.onRequest) return options.onRequest(request, response);
      answers.json(response, 404, 'WK_NOT_FOUND', 'only the link is here');
    }),
  );
  answers.watch(server);
  const sockets = trackSockets(server);
  const refused = (why: string, address: string): void => refusals.add(why, { address });
  boundNewcomers(server, limits, refused);
  boundStrangers(server, options.pool, limits, refused);
  const refusedPeers = new RefusedPeers(server, options, (socket, why) =>
    refusals.add(why, { address: socket.remoteAddress }),
  );
  server.on('tlsClientError', (error, socket) => {
    refusals.add('TLS handshake failed', { address: socket.remoteAddress, because: error.message });
    socket.destroy();
  });
  server.on('drop', (dropped) => refusals.add('too many connections', { address: dropped?.remoteAddress }));
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: options.messageBytesMax,
    ...webSocketOptions,
  });
  webSockets.on('wsClientError', (error, socket) => answers.raw(socket, '400 Bad Request', error.message));
  server.on('upgrade', (request, socket, head) => upgrade(request, socket, head));

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until the WebSocket takes over nobody else listens, and an unheard error would end the process.
    socket.on('error', () => socket.destroy());
    if (request.url !== '/link') return answers.raw(socket, '404 Not Found', 'the link lives at /link');
    const why = refusedPeers.whyOf(socket);
    const verdict = why === null ? identityOnLink(socket, options) : { refused: why };
    if ('refused' in verdict) {
      refusals.add(verdict.refused, { address: request.socket.remoteAddress });
      return answers.raw(socket, '401 Unauthorized', verdict.refused);
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) =>
      options.onTransport(new WsTransport(webSocket, request.socket, verdict.identity)),
    );
  }

  await bind(server, options.host, options.port);
  // Out of file descriptors, say; an unheard error would end the process.
  server.on('error', (error) => refusals.add('a connection was not accepted', { because: error.message }));
  return {
    host: options.host,
    port: boundPort(server),
    replaceCredentials: (credentials) => {
      server.setSecureContext(serverContext(credentials));
      refusedPeers.believe(credentials.authorityPems);
    },
    showByName: (credentials) => show(byName, credentials),
    recheck: () => refusedPeers.recheck(),
    close: () => closeServer(server, sockets),
  };
}

function show(byName: Map<string, SecureContext>, credentials: ReadonlyMap<string, Credentials>): void {
  byName.clear();
  for (const [name, shown] of credentials)
    byName.set(name.toLowerCase(), createSecureContext(serverContext(shown)));
}

/** Of our pool, or an agent or server of another that is let in. */
function identityOnLink(socket: Duplex, options: ListenOptions): IdentityVerdict {
  const own = identityOfSocket(socket, options.pool);
  if ('identity' in own) return own;
  const identity = peerOfOtherPool(socket, options.otherPools?.() ?? [], nodeClock.wallMs());
  return identity === null ? own : { identity };
}

function makeServer(
  limits: ListenLimits,
  credentials: Credentials,
  byName: ReadonlyMap<string, SecureContext>,
  handler: HttpHandler,
): Server {
  const server = createServer(
    {
      ...serverContext(credentials),
      SNICallback: (name, done) => done(null, byName.get(name.toLowerCase())),
      requestCert: true,
      // HTTP clients may come with a bearer token instead; `identityOfSocket` asks for the final result.
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: limits.handshakeTimeoutMs,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: 2_000,
      maxHeaderSize: limits.headerBytesMax,
      // Answered by us, with our headers.
      requireHostHeader: false,
      noDelay: true,
    },
    handler,
  );
  server.maxConnections = limits.connectionsMax;
  return server;
}

/** Upgraded and half-open connections are unknown to the HTTP server, so we keep count ourselves. */
function trackSockets(server: Server): Set<Socket> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  server.on('connection', track);
  server.on('secureConnection', track);
  return sockets;
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(listenError(error, host, port));
    server.once('error', failed);
    server.listen({ host, port, backlog: 1_024 }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function boundPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new WatchError('WK_INTERNAL', 'the listener has no address');
  return address.port;
}

function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}
