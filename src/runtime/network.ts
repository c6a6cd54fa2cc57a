import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity } from '../model/identity.ts';

/** A private key with its certificate, and the authorities whose certificates are believed. All PEM. */
export interface Credentials {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly authorityPems: readonly string[];
}

/** What the certificate of a peer says of itself beside whom it names. */
export interface PeerCertificate {
  /** SHA-256 of its public key (SPKI, DER), lower-case hex. */
  readonly keySha256: string;
  readonly notAfterMs: number;
}

/** One established connection of the link: whole messages, in order, to a peer whose certificate was verified. */
export interface Transport {
  /** Read once from the TLS library's final result; the connection is refused where there is none. */
  readonly peer: Identity;
  readonly remoteAddress: string;
  /** Bytes handed over with `send` that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  send(message: Uint8Array): void;
  /** One handler each; set in the same turn in which the transport was handed out. */
  onMessage(handler: (message: Uint8Array) => void): void;
  /** Heard when everything has been taken after more than 64 KiB was unsent. */
  onDrain(handler: () => void): void;
  onClose(handler: (why: string) => void): void;
  /** Says goodbye, then closes; what was sent before still arrives. */
  close(why: string): void;
  /** Drops the connection at once. */
  terminate(): void;
}

export interface ConnectOptions {
  /** `https://HOST:PORT`; the link lives at `/link` there. */
  readonly url: string;
  readonly credentials: Credentials;
  /** The connection is refused unless the peer is a server of this pool. */
  readonly pool: string;
  readonly timeoutMs: number;
  readonly messageBytesMax: number;
  readonly signal?: AbortSignal;
}

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Another pool, agents and servers of which may come on the link, and the authorities that name them. */
export interface OtherPoolTrust {
  readonly pool: string;
  readonly authorityPems: readonly string[];
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly credentials: Credentials;
  readonly pool: string;
  readonly messageBytesMax: number;
  /** A peer on `/link` whose certificate our authorities signed. */
  onTransport(transport: Transport): void;
  /**
   * Why whoever shows this certificate is not served although our authorities signed it (revoked, say); null when they
   * are. Asked at each handshake (`new`) and of what is connected (`open`) at `recheck`, whatever it speaks.
   */
  whyRefused?(peer: Identity, certificate: PeerCertificate, connection: 'new' | 'open'): string | null;
  /**
   * Agents and servers of these pools may come on the link too, nobody else of them, and nowhere else. Asked at each connection; the
   * pool's own authorities stay the only ones that name anybody of it.
   */
  otherPools?(): readonly OtherPoolTrust[];
  /** Every other HTTP request. The certificate is optional there; read it with `peerIdentity`. */
  readonly onRequest?: HttpHandler;
  /** On what is answered without `onRequest`: what is no request, and refusals. */
  readonly answerHeaders?: Readonly<Record<string, string>>;
}

export interface Listener {
  readonly host: string;
  /** The port really bound, also where 0 was asked for. */
  readonly port: number;
  /** For handshakes from now on; what is connected stays, unless its authority is believed no more. */
  replaceCredentials(credentials: Credentials): void;
  /** What is shown instead to whoever dials one of these host names; it replaces what was said before. */
  showByName(credentials: ReadonlyMap<string, Credentials>): void;
  /** Closes the connections of peers that `whyRefused` refuses now. */
  recheck(): void;
  /** Stops accepting and drops what is connected. */
  close(): Promise<void>;
}

export interface HttpCall {
  readonly url: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** In place of `body`, for what is no text. */
  readonly bytes?: Uint8Array;
  readonly timeoutMs: number;
  /** Whom to believe: authorities, or the SHA-256 fingerprint of one (hex), as a join token carries it. */
  readonly trust: { readonly authorityPems: readonly string[] } | { readonly authorityFingerprint: string };
  /** Presented when asked for a client certificate. */
  readonly credentials?: Credentials;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The same as it came, for what is no text. */
  readonly bytes?: Uint8Array;
}

/** A local stream of lines between processes of one machine (a Unix socket). */
export interface LocalConnection {
  sendLine(line: string): void;
  onLine(handler: (line: string) => void): void;
  onClose(handler: () => void): void;
  close(): void;
}

/** Errors are WatchErrors: WK_UNREACHABLE, WK_TIMEOUT, WK_PORT_IN_USE, WK_UNAUTHENTICATED (TLS, either side). */
export interface Network {
  connect(options: ConnectOptions): Promise<Transport>;
  listen(options: ListenOptions): Promise<Listener>;
  /** Who is behind an HTTP request, by the TLS library's final result; null without a certificate of `pool`. */
  peerIdentity(request: IncomingMessage, pool: string): Identity | null;
  call(call: HttpCall): Promise<HttpAnswer>;
  /** The answer's lines as they arrive (server-sent events); ends when the server or `signal` ends it. */
  stream(call: HttpCall): Promise<{ status: number; lines: AsyncIterable<string> }>;
  /** Creates the socket with mode 0600; a line longer than `lineBytesMax` closes that connection. */
  listenLocal(
    path: string,
    lineBytesMax: number,
    onConnection: (connection: LocalConnection) => void,
  ): Promise<{ close(): Promise<void> }>;
  connectLocal(path: string): Promise<LocalConnection>;
}
