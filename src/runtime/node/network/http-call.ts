import { once } from 'node:events';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect as tlsConnect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { WatchError } from '../../../model/errors.ts';
import type { HttpAnswer, HttpCall } from '../../network.ts';
import { nodeTimers } from '../clock.ts';
import { hostOf, portOf } from './address.ts';
import { serverVerdict } from './connect.ts';
import { networkError } from './network-error.ts';
import { splitLines } from './split-lines.ts';
import { clientContext, tlsOptions } from './tls-options.ts';

const answerBytesMax = 64 * 1_024 * 1_024;
const streamLineBytesMax = 16 * 1_024 * 1_024;

/** One request and its whole answer. */
export async function call(options: HttpCall): Promise<HttpAnswer> {
  const deadline = new Deadline(options);
  try {
    const response = await open(options, deadline.signal);
    const bytes = await readAll(response);
    const headers = flatHeaders(response);
    const isBytes = headers['content-type'] === 'application/octet-stream';
    const body = isBytes ? '' : bytes.toString();
    return { status: response.statusCode ?? 0, headers, body, ...(isBytes && { bytes }) };
  } catch (error) {
    throw deadline.explain(error);
  } finally {
    deadline.end();
  }
}

/** The time-out covers the way to the answer's head; after that only `signal` or the server ends the stream. */
export async function stream(options: HttpCall): Promise<{ status: number; lines: AsyncIterable<string> }> {
  const deadline = new Deadline(options);
  try {
    const response = await open(options, deadline.signal);
    deadline.disarm();
    return { status: response.statusCode ?? 0, lines: linesOf(response, deadline) };
  } catch (error) {
    deadline.end();
    throw deadline.explain(error);
  }
}

async function* linesOf(response: IncomingMessage, deadline: Deadline): AsyncGenerator<string> {
  try {
    yield* splitLines(response, streamLineBytesMax);
  } catch (error) {
    if (!deadline.stoppedByCaller) throw deadline.explain(error);
  } finally {
    response.destroy();
    deadline.end();
  }
}

async function open(options: HttpCall, signal: AbortSignal): Promise<IncomingMessage> {
  const trusted =
    'authorityPems' in options.trust
      ? options.trust.authorityPems
      : [await fetchAuthority(options.url, options.trust.authorityFingerprint, signal)];
  const request: ClientRequest = httpsRequest(new URL(options.url), requestOptions(options, trusted, signal));
  // The answer may end the request while its body is still being sent; later errors have nobody to tell.
  request.end(options.bytes ?? options.body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  request.on('error', () => response.destroy());
  return response;
}

function requestOptions(
  options: HttpCall,
  authorityPems: readonly string[],
  signal: AbortSignal,
): RequestOptions {
  const sent = options.bytes ?? options.body;
  const length = sent === undefined ? {} : { 'content-length': Buffer.byteLength(sent) };
  return {
    ...clientContext(options.credentials, authorityPems),
    method: options.method,
    headers: { ...length, ...options.headers },
    signal,
    agent: false,
    checkServerIdentity: (_host, certificate) => {
      const verdict = serverVerdict(certificate, null, hostOf(new URL(options.url)));
      return verdict instanceof Error ? verdict : undefined;
    },
  };
}

/**
 * The authority's certificate as the server at `url` presents it, believed only when its fingerprint is the one that
 * the join token carries. Nothing is sent on this connection; the next one verifies against that authority.
 */
async function fetchAuthority(url: string, fingerprint: string, signal: AbortSignal): Promise<string> {
  const target = new URL(url);
  const socket: TLSSocket = tlsConnect({
    ...tlsOptions,
    host: hostOf(target),
    port: portOf(target),
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  });
  signal.addEventListener('abort', () => socket.destroy(new Error('stopped')), { once: true });
  try {
    await once(socket, 'secureConnect');
    const authority = chainOf(socket).find((certificate) => hexOf(certificate) === fingerprint.toLowerCase());
    if (!authority)
      throw new WatchError(
        'WK_UNAUTHENTICATED',
        `the server at ${url} cannot be trusted: it does not belong to the pool that made the token`,
      );
    return pemOf(authority.raw);
  } finally {
    socket.on('error', () => undefined);
    // Ended rather than dropped: our half of the handshake still goes out, and the server has nothing to complain of.
    socket.end(() => socket.destroy());
  }
}

function chainOf(socket: TLSSocket): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw && !chain.includes(next) && chain.length < 8) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

function hexOf(certificate: DetailedPeerCertificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > answerBytesMax) throw new WatchError('WK_TOO_LARGE', 'the answer is too large to be taken');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function flatHeaders(response: IncomingMessage): Record<string, string> {
  const entries = Object.entries(response.headers).map(
    ([name, value]) => [name, String(value ?? '')] as const,
  );
  return Object.fromEntries(entries);
}

/** The call's time-out and the caller's signal as one abort, and afterwards which of the two it was. */
class Deadline {
  readonly #options: HttpCall;
  readonly #controller = new AbortController();
  readonly #timer;
  readonly #abort = (): void => this.#controller.abort();
  #timedOut = false;

  constructor(options: HttpCall) {
    this.#options = options;
    this.#timer = nodeTimers.after(options.timeoutMs, () => {
      this.#timedOut = true;
      this.#abort();
    });
    if (options.signal?.aborted) this.#abort();
    options.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get stoppedByCaller(): boolean {
    return this.#options.signal?.aborted ?? false;
  }

  disarm(): void {
    this.#timer.cancel();
  }

  end(): void {
    this.disarm();
    this.#options.signal?.removeEventListener('abort', this.#abort);
  }

  explain(error: unknown): WatchError {
    const where = `the server at ${this.#options.url}`;
    if (this.#timedOut)
      return new WatchError('WK_TIMEOUT', `${where} did not answer within ${this.#options.timeoutMs} ms`);
    if (this.stoppedByCaller)
      return new WatchError('WK_UNREACHABLE', `${where} was not reached: stopped by us`);
    return networkError(error, where);
  }
}
