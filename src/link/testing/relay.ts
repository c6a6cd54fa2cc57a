import { connect, createServer, type Server, type Socket } from 'node:net';

/** For tests: a TCP relay on loopback that can stop passing on what the dialing side sends, or cut everything. */
export class TestRelay {
  readonly #server: Server;
  readonly #pairs: { readonly near: Socket; readonly far: Socket }[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(targetPort: number): Promise<TestRelay> {
    const server = createServer();
    const relay = new TestRelay(server);
    server.on('connection', (near) => relay.#join(near, connect(targetPort, '127.0.0.1')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /** Half of the line: what the dialer sends stays in the relay and in the kernel. */
  setDeaf(deaf: boolean): void {
    for (const { near, far } of this.#pairs) {
      if (deaf) near.unpipe(far).pause();
      else near.pipe(far);
    }
  }

  /** Both halves silent, nothing closed: as a pulled cable. */
  setSilent(): void {
    for (const { near, far } of this.#pairs) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    }
  }

  close(): void {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.#server.close();
  }

  #join(near: Socket, far: Socket): void {
    this.#pairs.push({ near, far });
    near.pipe(far);
    far.pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
    }
  }
}
