import type { Coordination } from '../../src/coordination/coordination.ts';
import { connectMember } from '../../src/coordination/etcd/member.ts';
import { openEtcd } from '../../src/coordination/etcd/open-etcd.ts';
import { codeOf } from '../../src/model/errors.ts';
import { nodeClock, nodeTimers } from '../../src/runtime/node/clock.ts';
import { silentLog } from '../../src/runtime/node/log.ts';
import type { EtcdCluster } from './etcd-cluster.ts';

/** A client as a server opens it. `callMs` as the keeper's by default. */
export function clientOf(endpoints: readonly string[], callMs = 400): Coordination & AsyncDisposable {
  const client = openEtcd({
    endpoints,
    prefix: 'test',
    clock: nodeClock,
    timers: nodeTimers,
    log: silentLog,
    callMs,
  });
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

export async function compact(endpoint: string, revision: number): Promise<void> {
  const member = connectMember(endpoint, undefined);
  await member.kv.compact({ revision: BigInt(revision), physical: true });
  member.close();
}

/** The name of the member that leads. */
export async function leaderOf(cluster: EtcdCluster): Promise<string> {
  for (const name of cluster.names) {
    const member = connectMember(cluster.endpointOf(name), undefined);
    const { header, leader } = await member.maintenance.status({});
    member.close();
    if (header?.memberId === leader) return name;
  }
  throw new Error('no member leads');
}

/** What one writer got done, one write after the other, until told to stop. */
export class Writer {
  readonly revisions: number[] = [];
  readonly tookMs: number[] = [];
  /** Writes whose outcome is unknown: a watcher may or may not see them. */
  unknown = 0;
  longestGapMs = 0;
  longestCallMs = 0;
  readonly #client: Coordination;
  readonly #key: string;
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(client: Coordination, key: string) {
    this.#client = client;
    this.#key = key;
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    let lastMs = performance.now();
    for (let count = 1; !this.#stopped; count++) {
      const sentMs = performance.now();
      const revision = await this.#write(`${count}`);
      const nowMs = performance.now();
      this.longestCallMs = Math.max(this.longestCallMs, nowMs - sentMs);
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (revision === null) continue;
      this.revisions.push(revision);
      this.tookMs.push(nowMs - sentMs);
      this.longestGapMs = Math.max(this.longestGapMs, nowMs - lastMs);
      lastMs = nowMs;
    }
  }

  async #write(value: string): Promise<number | null> {
    try {
      const result = await this.#client.transact({ conditions: [], writes: [{ key: this.#key, value }] });
      return result.done ? result.revision : null;
    } catch (error) {
      if (codeOf(error) !== 'WK_COORDINATOR_AWAY') throw error;
      this.unknown += 1;
      return null;
    }
  }
}

/** What a watch hands out. */
export class Seen {
  readonly revisions: number[] = [];
  resets = 0;

  constructor(client: Coordination, prefix = '') {
    client.watch(prefix, 0, (change) => {
      if (change.reset) this.resets += 1;
      this.revisions.push(...new Set(change.items.map(({ revision }) => revision)));
    });
  }

  /** Of what was surely written: what never came. */
  missing(writer: Writer): number[] {
    const seen = new Set(this.revisions);
    return writer.revisions.filter((revision) => !seen.has(revision));
  }

  /** True when nothing came twice or out of order. */
  get inOrder(): boolean {
    return this.revisions.every(
      (revision, index) => index === 0 || revision > (this.revisions[index - 1] ?? 0),
    );
  }
}
