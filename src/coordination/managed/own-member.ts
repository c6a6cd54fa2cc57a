import {
  etcdMemberSchema,
  etcdSignSchema,
  keys,
  poolSchema,
  type EtcdSign,
} from '../../model/definitions.ts';
import { textOf } from '../../model/errors.ts';
import { unreachable } from '../../model/invariant.ts';
import type { Timer } from '../../runtime/clock.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { every, sleep } from '../../runtime/timing.ts';
import type { Coordination } from '../coordination.ts';
import type { VotingMember, VotingMembers } from '../etcd/member-list.ts';
import { cutConnections } from './cut-connections.ts';
import type { EtcdFilePaths } from './etcd-files.ts';
import { KnownCoordinator } from './known-coordinator.ts';
import { endEtcd, ensureEtcd, restartEtcd, whyNoEtcd } from './etcd-process.ts';
import { mayStop, readTerms, whatIsBehind, writeTerms, type EtcdTerms } from './etcd-terms.ts';
import {
  foundingMember,
  joiningMember,
  newMemberName,
  ownStep,
  readGoAlone,
  readLocalMember,
  writeLocalMember,
  type EtcdPlace,
  type LocalMember,
} from './local-member.ts';
import { RestartTurn } from './restart-turn.ts';

export interface OwnMemberOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'commands' | 'files' | 'log' | 'random' | 'timers'>;
  readonly coordination: Coordination & { readonly voting: VotingMembers };
  readonly poolId: string;
  /** The server or witness that this machine is, and where it is listed. */
  readonly owner: { readonly coreId: string; readonly name: string; readonly key: string };
  readonly place: EtcdPlace;
  readonly files: EtcdFilePaths;
  /** The unit of systemd that runs it; null where we do. */
  readonly unit: string | null;
  readonly version: string;
  /** What the files say by now of whom to believe and whom to refuse. */
  readonly terms: () => EtcdTerms;
  /** Fingerprint of the authority that signed this machine's certificate for etcd. */
  readonly signedBy: () => Promise<string | null>;
}

const lookEveryMs = 1_000;
const signEveryMs = 2_000;
const checkInstalledEveryMs = 60_000;
/** A member that was taken in starts within this, or its place is no good for a while. */
const startsWithinMs = 30_000;
const noGoodForMs = 300_000;
/** etcd starts in less than a second where it has little to read. */
const comesBackWithinMs = 30_000;
const comesBackEveryMs = 100;

/**
 * This machine's member of the pool's etcd: runs it while etcd lists it, begins anew when it was taken in anew, and else
 * offers its place. Modes: offered, joining, learner, voter, as etcd's own list says; what is here follows. Who is a member is
 * decided elsewhere (`plan-members.ts`).
 */
export class OwnMember implements Disposable {
  readonly #options: OwnMemberOptions;
  #timer: Timer | null = null;
  #signedMs = -Infinity;
  #checkedMs = -Infinity;
  #whyNoEtcd: string | null = null;
  #joiningSinceMs: number | null = null;
  #noGoodUntilMs = -Infinity;
  #trouble = '';
  #doubt: string | null = null;
  readonly #known: KnownCoordinator;
  readonly #turn: RestartTurn;

  constructor(options: OwnMemberOptions) {
    this.#options = options;
    this.#known = new KnownCoordinator(options.runtime.files, options.files.known);
    const { coordination, runtime, owner } = options;
    this.#turn = new RestartTurn({ coordination, clock: runtime.clock }, owner.coreId);
  }

  /** Starts what ran here before, since nobody may be there to ask, and looks again and again until disposed. */
  async start(): Promise<void> {
    const local = await this.#local();
    if (local !== null) await this.#run(local);
    this.#timer = every(this.#options.runtime.timers, lookEveryMs, () => this.#look(), 0);
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
  }

  /** After its owner was removed from the pool: waits until etcd goes on without it, and ends it. */
  async leave(withinMs: number): Promise<void> {
    this.#timer?.cancel();
    const { clock, timers, log } = this.#options.runtime;
    for (const endMs = clock.monotonicMs() + withinMs; clock.monotonicMs() < endMs;) {
      const members = await this.#listed();
      const local = await this.#local();
      if (local === null) return;
      if (members !== null && ownStep(local, members, this.#options.place).kind !== 'run')
        return await this.#giveUp();
      await sleep(timers, lookEveryMs);
    }
    log.warn("this machine's etcd is still one of the pool's; it goes on", { log: this.#options.files.log });
  }

  async #look(): Promise<void> {
    try {
      const state = await this.#follow();
      if (state !== null) await this.#sign(state);
      this.#trouble = '';
    } catch (error) {
      const because = textOf(error);
      if (because !== this.#trouble)
        this.#options.runtime.log.error('this machine cannot do its part for etcd', { because });
      this.#trouble = because;
    }
  }

  /** What this machine is to etcd now; null while nobody can tell. */
  async #follow(): Promise<EtcdSign['state'] | null> {
    const { place, runtime } = this.#options;
    await this.#goAloneIfAsked();
    const local = await this.#local();
    const members = await this.#listed();
    if (members === null) {
      if (local !== null) await this.#run(local);
      return null;
    }
    const step = ownStep(local, members, place);
    switch (step.kind) {
      case 'run':
        if (local !== null) await this.#run(local);
        if (local !== null && step.state === 'voter') await this.#followTerms(local, members);
        return step.state;
      case 'begin':
        await this.#begin(step.added, members);
        return 'joining';
      case 'give up':
        runtime.log.warn('etcd goes on without the member on this machine; its data are put aside', {
          folder: this.#options.files.removed,
        });
        await this.#giveUp();
        return 'offered';
      case 'offer':
        await this.#offer(members);
        return 'offered';
      default:
        return unreachable(step);
    }
  }

  /** Null while there is no majority to ask, and where what answers is not our pool's. */
  async #listed(): Promise<readonly VotingMember[] | null> {
    const { coordination, poolId, runtime } = this.#options;
    try {
      const pool = await coordination.get(keys.pool);
      if (pool === null || poolSchema.parse(JSON.parse(pool.value)).id !== poolId) return null;
      return (await coordination.voting.list()).members;
    } catch (error) {
      runtime.log.debug('etcd cannot be asked for its members', { because: textOf(error) });
      return null;
    }
  }

  async #run(local: LocalMember): Promise<void> {
    const { runtime, poolId, place, files, unit, terms } = this.#options;
    await ensureEtcd(runtime, { poolId, ...local, ...place, files }, { unit, terms: terms() });
  }

  /** Somebody was revoked, or other authorities are believed, since the member that runs here was started. */
  async #followTerms(local: LocalMember, members: readonly VotingMember[]): Promise<void> {
    const { runtime, files, place } = this.#options;
    const terms = this.#options.terms();
    const behind = whatIsBehind(await readTerms(runtime.files, files), terms);
    if (behind === 'nothing') return;
    if (behind === 'connections' && (await cutConnections(runtime.commands, place))) {
      runtime.log.warn('every connection to the etcd on this machine was ended, since somebody was revoked');
      return await writeTerms(runtime.files, files, terms);
    }
    await this.#restartInTurn(local, members, terms);
  }

  /** One member of the whole pool at a time, and only while the others have a majority without it. */
  async #restartInTurn(
    local: LocalMember,
    members: readonly VotingMember[],
    terms: EtcdTerms,
  ): Promise<void> {
    const { runtime, poolId, place, files, unit, coordination } = this.#options;
    const voters = members.filter(({ isLearner }) => !isLearner);
    const others = voters.filter(({ name }) => name !== local.name).map(({ id }) => id);
    const isSafe = async (): Promise<boolean> => mayStop(others, await coordination.voting.well());
    if (!(await isSafe()) || !(await this.#turn.take())) return;
    try {
      // Whoever had the turn before may still be on its way back.
      if (!(await isSafe())) return;
      runtime.log.warn('etcd on this machine is started anew, to believe and refuse whom the pool does now');
      await restartEtcd(runtime, { poolId, ...local, ...place, files }, { unit, terms });
      await this.#isBack(voters.find(({ name }) => name === local.name)?.id ?? 0n);
    } finally {
      await this.#turn.release();
    }
  }

  async #isBack(id: bigint): Promise<void> {
    const { runtime, coordination } = this.#options;
    const { clock, timers, log } = runtime;
    for (const endMs = clock.monotonicMs() + comesBackWithinMs; clock.monotonicMs() < endMs;) {
      if ((await coordination.voting.well()).has(id)) return;
      await sleep(timers, comesBackEveryMs);
    }
    log.error('etcd on this machine was started anew and does not answer', {
      log: this.#options.files.log,
    });
  }

  /** What was here is put aside, as when another etcd had taken us out. Done twice, the second time changes nothing. */
  async #goAloneIfAsked(): Promise<void> {
    const { runtime, files, place } = this.#options;
    const asked = await readGoAlone(runtime.files, files);
    if (asked === null) return;
    const { name, token } = asked;
    if ((await this.#local())?.begin.token !== token) {
      runtime.log.warn('this machine goes on with an etcd of its own, as an operator asked for', { name });
      await this.#giveUp();
      await writeLocalMember(runtime.files, files, foundingMember(name, place, token));
    }
    await runtime.files.remove(files.alone);
  }

  async #begin(added: VotingMember, members: readonly VotingMember[]): Promise<void> {
    const { runtime, owner, poolId } = this.#options;
    await this.#giveUp();
    const name = newMemberName(owner.name, runtime.random);
    if (!(await this.#record(name))) return;
    const local = joiningMember(name, added, members, poolId);
    await writeLocalMember(runtime.files, this.#options.files, local);
    runtime.log.info('this machine becomes a member of etcd', { name });
    await this.#run(local);
  }

  /** Ends it and puts its data aside. */
  async #giveUp(): Promise<void> {
    const { files } = this.#options.runtime;
    const { data, removed, member } = this.#options.files;
    await endEtcd(this.#options.runtime, this.#options.files);
    if ((await files.status(data)) !== null) {
      await files.remove(removed);
      await files.rename(data, removed);
    }
    await files.remove(member);
  }

  /** The name that was offered before stays, unless a member of that name exists whose data are no more. */
  async #offer(members: readonly VotingMember[]): Promise<void> {
    const { coordination, owner, place, runtime } = this.#options;
    const item = await coordination.get(keys.etcdMember(owner.coreId));
    if (item !== null) {
      const { client, peer, name = owner.coreId } = etcdMemberSchema.parse(JSON.parse(item.value));
      const isLost = members.some((member) => member.name === name);
      if (!isLost && client === place.client && peer === place.peer) return;
    }
    await this.#record(newMemberName(owner.name, runtime.random));
  }

  async #sign(state: EtcdSign['state']): Promise<void> {
    const { runtime, owner, version } = this.#options;
    const nowMs = runtime.clock.monotonicMs();
    if (nowMs - this.#signedMs < signEveryMs || !(await this.#vouches(nowMs))) return;
    const because = await this.#whyNot(state, nowMs);
    const terms = this.#options.terms();
    const running = state === 'offered' ? terms : await readTerms(runtime.files, this.#options.files);
    const sign = etcdSignSchema.parse({
      state,
      because,
      version,
      atMs: Math.floor(runtime.clock.wallMs()),
      believes: terms.believes.filter((fingerprint) => running?.believes.includes(fingerprint)),
      signedBy: await this.#options.signedBy(),
    });
    if (await this.#write(keys.etcdSign(owner.coreId), sign)) this.#signedMs = nowMs;
  }

  /** A sign tells others that we know this coordinator, too: see `pool/lease-standing.ts`. */
  async #vouches(nowMs: number): Promise<boolean> {
    const { coordination, runtime } = this.#options;
    const { items, revision } = await coordination.list(keys.pool);
    const text = items.find(({ key }) => key === keys.pool)?.value;
    if (text === undefined) return false;
    const doubt = await this.#known.judge(poolSchema.parse(JSON.parse(text)), revision, nowMs);
    if (doubt !== null && doubt !== this.#doubt)
      runtime.log.error(`the coordinator is doubted until an operator confirms: ${doubt}`);
    this.#doubt = doubt;
    return doubt === null;
  }

  /** Why nobody should count on this place. */
  async #whyNot(state: EtcdSign['state'], nowMs: number): Promise<string | null> {
    this.#joiningSinceMs = state === 'joining' ? (this.#joiningSinceMs ?? nowMs) : null;
    if (nowMs - (this.#joiningSinceMs ?? nowMs) > startsWithinMs) this.#noGoodUntilMs = nowMs + noGoodForMs;
    if (state === 'voter' || state === 'learner') this.#noGoodUntilMs = -Infinity;
    if (nowMs < this.#noGoodUntilMs) return `etcd does not start here: see ${this.#options.files.log}`;
    if (nowMs - this.#checkedMs > checkInstalledEveryMs) {
      this.#checkedMs = nowMs;
      this.#whyNoEtcd = await whyNoEtcd(this.#options.runtime.commands);
    }
    return this.#whyNoEtcd;
  }

  #record(name: string): Promise<boolean> {
    const { owner, place } = this.#options;
    return this.#write(keys.etcdMember(owner.coreId), { ...place, name });
  }

  /** Only while its owner is listed: what is removed leaves nothing behind. */
  async #write(key: string, value: object): Promise<boolean> {
    const { coordination, owner } = this.#options;
    const listed = await coordination.get(owner.key);
    if (listed === null) return false;
    const { done } = await coordination.transact({
      conditions: [{ key: owner.key, revision: listed.revision }],
      writes: [{ key, value: JSON.stringify(value) }],
    });
    return done;
  }

  #local(): Promise<LocalMember | null> {
    const { runtime, owner, place, poolId, files } = this.#options;
    return readLocalMember(runtime.files, files, foundingMember(owner.coreId, place, poolId));
  }
}
