import { once } from 'node:events';
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { textOf, WatchError } from '../../../model/errors.ts';
import type { LocalConnection } from '../../network.ts';
import { LineSplitter } from './split-lines.ts';

const answerLineBytesMax = 4 * 1_024 * 1_024;
const unsentBytesMax = 8 * 1_024 * 1_024;
const probeTimeoutMs = 1_000;
const connectionsMax = 256;

/** A Unix socket that only its user and root can open. A socket file that nobody answers at is replaced. */
export async function listenLocal(
  path: string,
  lineBytesMax: number,
  onConnection: (connection: LocalConnection) => void,
): Promise<{ close(): Promise<void> }> {
  await removeStale(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onConnection(new LineConnection(socket, lineBytesMax));
  });
  server.maxConnections = connectionsMax;
  await bind(server, path);
  return { close: () => closeServer(server, sockets) };
}

export async function connectLocal(path: string): Promise<LocalConnection> {
  const socket = connect({ path });
  try {
    await once(socket, 'connect');
  } catch (error) {
    throw connectError(error, path);
  }
  return new LineConnection(socket, answerLineBytesMax);
}

class LineConnection implements LocalConnection {
  readonly #socket: Socket;
  readonly #splitter: LineSplitter;

  constructor(socket: Socket, lineBytesMax: number) {
    this.#socket = socket;
    this.#splitter = new LineSplitter(lineBytesMax);
    // 'close' always follows; it is what the owner hears.
    socket.on('error', () => socket.destroy());
  }

  sendLine(line: string): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.write(`${line}\n`);
    if (this.#socket.writableLength > unsentBytesMax) this.#socket.destroy();
  }

  onLine(handler: (line: string) => void): void {
    this.#socket.on('data', (chunk: Buffer) => {
      for (const line of this.#lines(chunk)) handler(line);
    });
  }

  onClose(handler: () => void): void {
    if (this.#socket.closed) handler();
    else this.#socket.once('close', handler);
  }

  close(): void {
    this.#socket.end();
  }

  /** Nothing of a line that is too long is used; the connection ends there. */
  #lines(chunk: Buffer): string[] {
    if (this.#socket.destroyed) return [];
    try {
      return this.#splitter.push(chunk);
    } catch (error) {
      this.#socket.destroy(error instanceof Error ? error : undefined);
      return [];
    }
  }
}

/** Somebody who answers keeps the path; a leftover of a killed process does not. */
async function removeStale(path: string): Promise<void> {
  const socket = connect({ path });
  socket.setTimeout(probeTimeoutMs, () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, 'connect');
  } catch (error) {
    if (codeIs(error, 'ECONNREFUSED')) unlinkSocket(path);
    else if (!codeIs(error, 'ENOENT')) throw bindError(error, path);
    return;
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
  throw new WatchError('WK_PORT_IN_USE', `another process answers at the socket ${path}; stop it first`);
}

/** A file of another kind refuses connections just the same, and is nobody's leftover. */
function unlinkSocket(path: string): void {
  if (!lstatSync(path).isSocket())
    throw new WatchError(
      'WK_CONFIG',
      `${path} is a file and not a socket; choose another path or move it away`,
    );
  unlinkSync(path);
}

/** The mask makes the socket private from its first moment; `listen` binds before it returns. */
async function bind(server: Server, path: string): Promise<void> {
  const listening = once(server, 'listening');
  const mask = process.umask(0o177);
  try {
    server.listen({ path });
  } finally {
    process.umask(mask);
  }
  try {
    await listening;
    chmodSync(path, 0o600);
  } catch (error) {
    throw bindError(error, path);
  }
}

function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

function codeIs(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function bindError(error: unknown, path: string): WatchError {
  if (codeIs(error, 'EACCES') || codeIs(error, 'EPERM'))
    return new WatchError('WK_DENIED', `the socket ${path} may not be made by this user`, { cause: error });
  if (codeIs(error, 'EADDRINUSE'))
    return new WatchError('WK_PORT_IN_USE', `another process has made the socket ${path}; stop it first`, {
      cause: error,
    });
  return new WatchError('WK_CONFIG', `the socket ${path} could not be made: ${textOf(error)}`, {
    cause: error,
  });
}

function connectError(error: unknown, path: string): WatchError {
  if (codeIs(error, 'EACCES') || codeIs(error, 'EPERM'))
    return new WatchError('WK_DENIED', `the socket ${path} may not be opened by this user`, { cause: error });
  return new WatchError('WK_UNREACHABLE', `nobody answers at the socket ${path}; is the agent running?`, {
    cause: error,
  });
}
