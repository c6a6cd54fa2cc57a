import type { IdentityKind } from '../../model/identity.ts';
import type { Transport } from '../../runtime/network.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import { acceptLink, type Accepted, type AcceptOptions, type Greeting } from '../accept-link.ts';
import type { LinkConnection } from '../connection.ts';
import { dialLink } from '../dial-link.ts';
import type { LaneLimits } from '../lanes.ts';
import { memoryTransports, type MemoryTransports } from './memory-transport.ts';
import type { LinkMessageOf } from '../messages.ts';

const pool = '00000000-0000-4000-8000-000000000000';
export const serverId = '00000000-0000-4000-8000-00000000000a';
export const welcome: Greeting = { welcome: { name: 'a', version: '1', coreId: serverId } };

/** For tests: a link in memory whose time stands still until `advance`. */
export class TestLink {
  readonly time = manualTime();
  readonly line: MemoryTransports;
  readonly #self: IdentityKind;

  constructor(self: IdentityKind = 'agent') {
    this.#self = self;
    this.line = memoryTransports({
      dialer: { pool, kind: self, coreId: '00000000-0000-4000-8000-00000000000b' },
      acceptor: { pool, kind: 'server', coreId: serverId },
      timers: this.time.timers,
      messageBytesMax: 1_000_000,
    });
  }

  accept(decide: AcceptOptions['decide'] = () => welcome, limits?: LaneLimits): Promise<Accepted> {
    const transport = this.line.acceptor;
    const options = { ...this.time, transport, timeoutMs: 1_000, decide };
    return acceptLink(limits ? { ...options, limits } : options);
  }

  dial(
    hello: Partial<LinkMessageOf<'hello'>> = {},
  ): Promise<{ connection: LinkConnection; welcome: LinkMessageOf<'welcome'> }> {
    const connect = (): Promise<Transport> => Promise.resolve(this.line.dialer);
    const unused = (): never => {
      throw new Error('not part of this test');
    };
    const network = {
      connect,
      listen: unused,
      call: unused,
      stream: unused,
      listenLocal: unused,
      connectLocal: unused,
      peerIdentity: unused,
    };
    const credentials = { certificatePem: '', keyPem: '', authorityPems: [] };
    const options = {
      url: 'https://server',
      credentials,
      pool,
      timeoutMs: 2_000,
      messageBytesMax: 1_000_000,
    };
    return dialLink(
      { ...this.time, network },
      { connect: options, self: this.#self, hello: { name: 'b', version: '1', ...hello } },
    );
  }

  /** A dialing end without the handshake, which may say anything. */
  rude(): { said: LinkMessageOf<'refused'>[]; send(bytes: Uint8Array): void; closedWhy(): string | null } {
    const said: LinkMessageOf<'refused'>[] = [];
    let closed: string | null = null;
    this.line.dialer.onClose((why) => (closed = why));
    this.line.dialer.onMessage((bytes) => {
      const message = JSON.parse(Buffer.from(bytes.subarray(4)).toString()) as LinkMessageOf<'refused'>;
      said.push(message);
    });
    return { said, send: (bytes) => this.line.dialer.send(bytes), closedWhy: () => closed };
  }

  /** Lets everything that is due happen, promises included. */
  async settle(ms = 0): Promise<void> {
    for (let round = 0; round < 10; round++) {
      this.time.advance(round === 0 ? ms : 0);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async open(limits?: LaneLimits): Promise<{ dialer: LinkConnection; acceptor: LinkConnection }> {
    const accepting = this.accept(undefined, limits);
    const dialing = this.dial();
    await this.settle();
    const [{ connection }, accepted] = await Promise.all([dialing, accepting]);
    if (!accepted.accepted) throw new Error(accepted.close.text);
    return { dialer: connection, acceptor: accepted.connection };
  }
}
