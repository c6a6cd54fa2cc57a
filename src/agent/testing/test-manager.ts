import { zstdDecompressSync } from 'node:zlib';
import { acceptLink } from '../../link/accept-link.ts';
import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessageOf } from '../../link/messages.ts';
import { entryBodySchemas } from '../../model/entry.ts';
import type { ErrorCode } from '../../model/errors.ts';
import type { Message } from '../../model/message.ts';
import { nodeClock, nodeTimers } from '../../runtime/node/clock.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { nodeNetwork } from '../../runtime/node/network.ts';
import type { Listener } from '../../runtime/network.ts';
import type { TestPool } from '../../security/test-pool.ts';

type Answer =
  | {
      readonly kind: 'stored';
      readonly copies: number;
      readonly thenTwo?: boolean;
      readonly refused?: number[];
    }
  | { readonly kind: 'again'; readonly code: ErrorCode; readonly afterMs: number }
  | { readonly kind: 'silence' };

/** For tests: a server that takes batches over the real link and answers as it is told. */
export class TestManager implements AsyncDisposable {
  /** Every message that was answered with stored, as often as it came. */
  readonly stored: Message[] = [];
  readonly batches: { readonly ids: string[] }[] = [];
  answer: Answer = { kind: 'stored', copies: 2 };
  refusal: { readonly code: ErrorCode; readonly text: string; readonly retry: boolean } | null = null;
  servers: string[] | null = null;
  connections = 0;
  readonly #open = new Set<LinkConnection>();
  readonly #listener: Listener;

  private constructor(listener: Listener) {
    this.#listener = listener;
  }

  static async open(pool: TestPool, port = 0): Promise<TestManager> {
    const identity = pool.identity('server');
    const listener = await nodeNetwork(silentLog).listen({
      host: '127.0.0.1',
      port,
      credentials: await pool.credentials(identity),
      pool: pool.id,
      messageBytesMax: 4_194_304,
      onTransport: (transport) => void manager.#accept(transport, identity.coreId),
    });
    const manager = new TestManager(listener);
    return manager;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#listener.port}`;
  }

  get port(): number {
    return this.#listener.port;
  }

  async #accept(transport: Parameters<typeof acceptLink>[0]['transport'], coreId: string): Promise<void> {
    const servers = this.servers ? { servers: this.servers } : {};
    const welcome = {
      name: `server ${this.port}`,
      version: '1',
      coreId,
      windowBatches: 4,
      pingEveryMs: 200,
      reconnectSpreadMs: 100,
    };
    const accepted = await acceptLink({
      transport,
      clock: nodeClock,
      timers: nodeTimers,
      timeoutMs: 2_000,
      decide: () => (this.refusal ? { refuse: this.refusal } : { welcome: { ...welcome, ...servers } }),
    });
    if (!accepted.accepted) return;
    const { connection } = accepted;
    this.connections += 1;
    this.#open.add(connection);
    connection.onClose(() => this.#open.delete(connection));
    connection.onMessage((message, body) => {
      if (message.type === 'batch') this.#batch(connection, message, body);
    });
  }

  #batch(connection: LinkConnection, { batch }: LinkMessageOf<'batch'>, body: Uint8Array): void {
    const { messages } = entryBodySchemas.messages.parse(JSON.parse(zstdDecompressSync(body).toString()));
    this.batches.push({ ids: messages.map(({ id }) => id) });
    const { answer } = this;
    if (answer.kind === 'silence') return;
    if (answer.kind === 'again') {
      connection.send({ type: 'again', batch, code: answer.code, text: 'not now', afterMs: answer.afterMs });
      return;
    }
    this.stored.push(...messages);
    const refused = (answer.refused ?? []).map((index) => ({ index, text: 'bad' }));
    connection.send({
      type: 'stored',
      batch,
      copies: answer.copies,
      wanted: 2,
      ...(refused.length > 0 ? { refused } : {}),
    });
    if (answer.thenTwo) connection.send({ type: 'stored', batch, copies: 2, wanted: 2 });
  }

  /** Cuts every connection, as a killed server does. */
  drop(): void {
    for (const connection of this.#open) connection.close('dropped by the test');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener.close();
  }
}
