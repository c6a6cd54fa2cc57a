import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HttpHandler } from '../../network.ts';

type Headers = Readonly<Record<string, string>>;

/** What cannot be read as a request, by the code of the parser's or the clock's error. */
const unreadable: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
};

/**
 * Answers of the listener itself, to whoever never comes as far as the API: requests that are none, refused upgrades,
 * refused peers. All of them carry the headers that every answer has.
 */
export class EdgeAnswers {
  readonly #headers: Headers;
  /** The answer that is under way on a connection: nothing may be written into the middle of it. */
  readonly #underWay = new WeakMap<object, ServerResponse>();

  constructor(headers: Headers = {}) {
    this.#headers = headers;
  }

  /** What Node would answer by itself, and without our headers. */
  watch(server: Server): void {
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      const { code = '' } = error;
      // A failed TLS handshake comes along here too, and is no place for HTTP.
      const isHttp = code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT';
      const answer = this.#underWay.get(socket);
      const isAnswering = answer !== undefined && answer.headersSent && !answer.writableFinished;
      if (!isHttp || isAnswering || !socket.writable) socket.destroy(error);
      else this.raw(socket, unreadable[code] ?? '400 Bad Request', 'this is no request that can be read');
    });
    server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) =>
      this.json(response, 417, 'WK_BAD_REQUEST', 'nothing but 100-continue may be expected'),
    );
  }

  /** `handler`, for requests that HTTP itself allows. */
  handler(handler: HttpHandler): HttpHandler {
    return (request, response) => {
      this.#underWay.set(request.socket, response);
      if (request.headers.host === undefined && request.httpVersion === '1.1')
        return this.json(response, 400, 'WK_BAD_REQUEST', 'the request names no host');
      handler(request, response);
    };
  }

  /** Closes the connection, as nothing on it can be trusted to be where it seems to be. */
  json(response: ServerResponse, status: number, code: string, text: string): void {
    const body = JSON.stringify({ error: { code, text, retry: false } });
    response
      .writeHead(status, {
        ...this.#headers,
        'content-type': 'application/json; charset=utf-8',
        connection: 'close',
      })
      .end(body);
  }

  /** On a socket that no response belongs to. */
  raw(socket: Duplex, status: string, text: string): void {
    const body = `${text}\n`;
    const headers = {
      ...this.#headers,
      connection: 'close',
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`, () => socket.destroy());
  }
}
