import type { Clock, Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Credentials } from '../../runtime/network.ts';
import { every } from '../../runtime/timing.ts';
import { checkKey, checkTransaction } from '../check-transaction.ts';
import type { Change, Coordination, Item, Transaction, TransactionResult } from '../coordination.ts';
import { textOf } from '../../model/errors.ts';
import { KeySpace } from './key-space.ts';
import { KeyWatch } from './key-watch.ts';
import { MemberList, type VotingMembers } from './member-list.ts';
import { Members } from './members.ts';
import type { Roster } from './roster.ts';
import { transactionResult, txnRequest } from './transaction-messages.ts';

export interface EtcdOptions {
  /** `http://HOST:PORT` or `https://HOST:PORT`, in the order in which they are tried. */
  readonly endpoints: readonly string[];
  /** All keys start with it and a slash; nobody else may write there. */
  readonly prefix: string;
  /** With https only. The members must have certificates with their host names and addresses. */
  readonly credentials?: Credentials | undefined;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly log: Log;
  /** Within how long every call answers or fails; an election in etcd takes longer than any sensible value. */
  readonly callMs?: number;
  /** Reads them again: certificates are signed anew while we run. */
  readonly freshCredentials?: (() => Promise<Credentials>) | undefined;
  /** The members are followed as etcd lists them, and remembered there. */
  readonly roster?: Roster | undefined;
}

export const etcdCallMsMax = 1_000;
const probeEveryMs = 500;
const followEveryMs = 3_000;
/** They change daily, and when the pool's authority is exchanged: all processes of a machine follow its files. */
const renewEveryMs = 3_000;

/** The coordinator of many machines: etcd, of one, three or five members. See DESIGN.md. */
export function openEtcd(options: EtcdOptions): EtcdCoordination {
  return new EtcdCoordination(options);
}

export class EtcdCoordination implements Coordination {
  readonly #members: Members;
  readonly #keys: KeySpace;
  readonly #timers: Timers;
  readonly #watches = new Set<KeyWatch>();
  readonly #list: MemberList;
  #credentials: Credentials | undefined;
  #probe: Timer | null = null;
  #following: Timer | null = null;
  #renewing: Timer | null = null;

  constructor(options: EtcdOptions) {
    this.#credentials = options.credentials;
    const callMs = Math.min(options.callMs ?? etcdCallMsMax, etcdCallMsMax);
    const onLeft = (): void => void this.#list.reread();
    this.#members = new Members({ ...options, callMs, onLeft });
    this.#list = new MemberList(this.#members, options.roster ?? null, options.log);
    this.#keys = new KeySpace(options.prefix);
    this.#timers = options.timers;
    const { freshCredentials, timers, log } = options;
    if (freshCredentials !== undefined)
      this.#renewing = every(timers, renewEveryMs, () => this.#renew(freshCredentials, log));
    if (options.roster !== undefined)
      this.#following = every(options.timers, followEveryMs, () => this.#list.follow());
  }

  async #renew(freshCredentials: () => Promise<Credentials>, log: Log): Promise<void> {
    try {
      const fresh = await freshCredentials();
      if (JSON.stringify(fresh) === JSON.stringify(this.#credentials)) return;
      this.#credentials = fresh;
      this.#members.renew(fresh);
    } catch (error) {
      log.warn('the certificate for etcd cannot be read again', { because: textOf(error) });
    }
  }

  /** Where calls go to, in the order in which they are asked. */
  get endpoints(): readonly string[] {
    return this.#members.endpoints;
  }

  /** The pool has gone on with another etcd, which is there; all processes of this machine follow. */
  goTo(endpoints: readonly string[]): Promise<void> {
    return this.#list.goTo(endpoints);
  }

  /** The members of this etcd themselves. */
  get voting(): VotingMembers {
    return this.#list;
  }

  async get(key: string): Promise<Item | null> {
    checkKey(key);
    const { kvs } = await this.#members.call(
      (member, options) => member.kv.range({ key: this.#keys.key(key) }, options),
      { repeatable: true },
    );
    return kvs[0] === undefined ? null : this.#keys.item(kvs[0]);
  }

  async list(prefix: string): Promise<{ items: Item[]; revision: number }> {
    const { kvs, header } = await this.#members.call(
      (member, options) => member.kv.range(this.#keys.range(prefix), options),
      { repeatable: true },
    );
    return { items: kvs.map((kv) => this.#keys.item(kv)), revision: Number(header?.revision ?? 0n) };
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    checkTransaction(transaction);
    // Sent twice, one that was carried out the first time would report that its own conditions do not hold.
    const answer = await this.#members.call(
      (member, options) => member.kv.txn(txnRequest(transaction, this.#keys), options),
      { repeatable: false },
    );
    return transactionResult(transaction, answer);
  }

  watch(prefix: string, fromRevision: number, onChange: (change: Change) => void): { close(): void } {
    if (this.#members.closed) throw this.#members.away('it was closed');
    const ports = {
      members: this.#members,
      keys: this.#keys,
      timers: this.#timers,
      list: (of: string) => this.list(of),
    };
    const watch = new KeyWatch(ports, prefix, fromRevision, onChange);
    this.#watches.add(watch);
    this.#probe ??= every(this.#timers, probeEveryMs, () => this.#members.probe());
    void watch.run().finally(() => this.#watches.delete(watch));
    return { close: () => watch.close() };
  }

  close(): Promise<void> {
    this.#probe?.cancel();
    this.#following?.cancel();
    this.#renewing?.cancel();
    for (const watch of this.#watches) watch.close();
    this.#members.close();
    return Promise.resolve();
  }
}
