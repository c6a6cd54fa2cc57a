import { WatchError } from '../../model/errors.ts';
import type { ManagerSystem, ManagerSystems } from '../../model/policy.ts';
import type { Credentials } from '../../runtime/network.ts';
import type { NodeManagers } from '../managers/node-policies.ts';
import { otherPoolsOf } from '../managers/other-pools-of.ts';
import { AgentStream, type StreamOptions, type StreamStatus } from './agent-stream.ts';

type OtherPool = ManagerSystems['pools'][number];

interface Options extends Omit<StreamOptions, 'lane' | 'primary'> {
  readonly managers: NodeManagers;
}

interface Running {
  /** The pool as JSON, with what leads there: another one means another stream. */
  readonly text: string;
  readonly name: string;
  readonly stream: AgentStream;
}

/** How the messages for another pool are doing. */
export interface OtherPoolStatus extends StreamStatus {
  readonly pool: string;
  readonly poolName: string;
}

/**
 * One stream for each pool that gets messages of this node: its own, and those that its policies name. The servers of a pool
 * stand in for each other, so one is enough. What waits for a pool that is no longer named goes to the own one.
 */
export class AgentStreams implements AsyncDisposable {
  readonly #options: Options;
  readonly #own: AgentStream;
  readonly #others = new Map<string, Running>();
  #managers: NodeManagers;

  constructor(options: Options) {
    this.#options = options;
    this.#managers = options.managers;
    this.#own = new AgentStream({
      ...options,
      lane: options.buffer.lane(''),
      primary: () => this.#managers.primary?.url ?? null,
    });
    this.#setOthers();
  }

  get status(): StreamStatus {
    return this.#own.status;
  }

  get others(): readonly OtherPoolStatus[] {
    return [...this.#others].map(([pool, { name, stream }]) => ({ ...stream.status, pool, poolName: name }));
  }

  get primary(): ManagerSystem | null {
    return this.#managers.primary;
  }

  appended(): void {
    this.#own.appended();
    for (const { stream } of this.#others.values()) stream.appended();
  }

  tellPolicies(): void {
    this.#own.tellPolicies();
  }

  /** Whom the node obeys and tells from now on. */
  set(managers: NodeManagers): void {
    this.#managers = managers;
    this.#own.primaryChanged();
    this.#setOthers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#own, ...this.#streams()].map((stream) => stream[Symbol.asyncDispose]()));
  }

  #streams(): AgentStream[] {
    return [...this.#others.values()].map(({ stream }) => stream);
  }

  #setOthers(): void {
    const wanted = new Map(otherPoolsOf(this.#managers).map((pool) => [pool.id, pool]));
    for (const [id, { text, stream }] of this.#others) {
      const pool = wanted.get(id);
      if (pool && JSON.stringify(pool) === text) continue;
      this.#others.delete(id);
      void stream[Symbol.asyncDispose]();
    }
    for (const { target } of this.#options.buffer.targets())
      if (!wanted.has(target)) this.#options.buffer.rehome(target);
    for (const [id, pool] of wanted) if (!this.#others.has(id)) this.#others.set(id, this.#begin(pool));
  }

  #begin(pool: OtherPool): Running {
    const { buffer, runtime } = this.#options;
    runtime.log.info('messages go to another pool too', { pool: pool.name });
    const stream = new AgentStream({
      ...this.#options,
      pool: pool.id,
      lane: buffer.lane(pool.id),
      servers: pool.servers.map(({ url }) => url),
      credentials: (): Credentials | null => {
        const own = this.#options.credentials();
        return own && { ...own, authorityPems: pool.authorities };
      },
      enrol: () =>
        Promise.reject(new WatchError('WK_UNAVAILABLE', 'this node has not joined its own pool yet')),
      // Another pool neither changes whom we believe nor what we do, and our certificate is our own pool's.
      trusted: () => undefined,
      disbelieved: () => undefined,
      policies: null,
      actions: null,
      depot: null,
      primary: () => null,
    });
    return { text: JSON.stringify(pool), name: pool.name, stream };
  }
}
