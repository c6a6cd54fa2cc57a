import type { MessageInitShape } from '@bufbuild/protobuf';
import { codeOf } from '../../model/errors.ts';
import type { Timers } from '../../runtime/clock.ts';
import { sleep } from '../../runtime/timing.ts';
import type { Change, Item } from '../coordination.ts';
import { groupByRevision } from '../group-by-revision.ts';
import type { WatchRequestSchema, WatchResponse } from './generated/etcd_pb.ts';
import type { KeySpace } from './key-space.ts';
import type { Members } from './members.ts';

interface Ports {
  readonly members: Members;
  readonly keys: KeySpace;
  readonly timers: Timers;
  list(prefix: string): Promise<{ items: Item[]; revision: number }>;
}

/** No key has a space in it, so that listing these costs nothing and still says the revision. */
const nowhere = ' ';

const pauseMs = { first: 30, last: 1_000 };

/**
 * One watch, carried from member to member: each time it asks for what came after the last revision that it handed
 * out, so that nothing is missed and nothing comes twice.
 */
export class KeyWatch {
  readonly #ports: Ports;
  readonly #prefix: string;
  readonly #onChange: (change: Change) => void;
  readonly #stop = new AbortController();
  #revision: number;
  #cluster: bigint | null = null;
  #pauseMs = pauseMs.first;

  constructor(ports: Ports, prefix: string, fromRevision: number, onChange: (change: Change) => void) {
    this.#ports = ports;
    this.#prefix = prefix;
    this.#revision = fromRevision;
    this.#onChange = onChange;
  }

  close(): void {
    this.#stop.abort();
  }

  async run(): Promise<void> {
    const { signal } = this.#stop;
    while (!this.#isOver()) {
      const ended = await this.#follow();
      if (this.#isOver() || (ended === 'gap' && (await this.#reset()))) continue;
      await sleep(this.#ports.timers, this.#pauseMs, signal);
      this.#pauseMs = Math.min(this.#pauseMs * 2, pauseMs.last);
    }
  }

  #isOver(): boolean {
    return this.#stop.signal.aborted || this.#ports.members.closed;
  }

  /** `gap` when what came after our revision is not to be had any more; `lost` when only the connection is gone. */
  async #follow(): Promise<'gap' | 'lost'> {
    const { members } = this.#ports;
    const messages = members.stream(
      (member, options) => member.watch.watch(this.#requests(options.signal), options),
      this.#stop.signal,
    );
    for await (const message of messages) {
      if (this.#isOver()) return 'lost';
      if (message.compactRevision > 0n) return 'gap';
      if (message.canceled) return 'lost';
      const doubt = message.created ? await this.#doubtAbout(message) : null;
      if (doubt !== null || this.#isOver()) return doubt ?? 'lost';
      this.#pauseMs = pauseMs.first;
      this.#deliver(message);
    }
    return 'lost';
  }

  async *#requests(
    signal: AbortSignal | undefined,
  ): AsyncGenerator<MessageInitShape<typeof WatchRequestSchema>> {
    const { key, rangeEnd } = this.#ports.keys.range(this.#prefix);
    const startRevision = BigInt(this.#revision + 1);
    yield { requestUnion: { case: 'createRequest', value: { key, rangeEnd, startRevision } } };
    // etcd ends the watch when our side of the stream ends.
    await new Promise<void>((resolve) => {
      if (signal?.aborted !== false) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /**
   * Whether our revision is from another store: another etcd under the same address, or one that was restored to
   * before our revision. etcd itself would wait silently until it gets there. A member that is merely late has a lower
   * revision too, so the whole etcd is asked.
   */
  async #doubtAbout({ header }: WatchResponse): Promise<'gap' | 'lost' | null> {
    if (header === undefined) return null;
    const isOther = this.#cluster !== null && this.#cluster !== header.clusterId;
    this.#cluster = header.clusterId;
    if (isOther) return 'gap';
    if (Number(header.revision) >= this.#revision) return null;
    try {
      const { revision } = await this.#ports.list(nowhere);
      return revision < this.#revision ? 'gap' : null;
    } catch (error) {
      if (codeOf(error) !== 'WK_COORDINATOR_AWAY') throw error;
      return 'lost';
    }
  }

  #deliver({ events }: WatchResponse): void {
    const { keys } = this.#ports;
    for (const change of groupByRevision(events.flatMap((event) => keys.change(event)))) {
      if (this.#isOver()) return;
      this.#revision = change.revision;
      this.#onChange(change);
    }
  }

  /** False when etcd is away just now. */
  async #reset(): Promise<boolean> {
    try {
      const { items, revision } = await this.#ports.list(this.#prefix);
      if (this.#isOver()) return true;
      this.#revision = revision;
      this.#onChange({ reset: true, items, revision });
      return true;
    } catch (error) {
      if (codeOf(error) !== 'WK_COORDINATOR_AWAY') throw error;
      return false;
    }
  }
}
