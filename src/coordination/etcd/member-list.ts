import { textOf, WatchError } from '../../model/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { Members } from './members.ts';
import type { Roster } from './roster.ts';

/** One member of etcd. */
export interface VotingMember {
  readonly id: bigint;
  /** Empty until it has started for the first time. */
  readonly name: string;
  readonly peerUrl: string;
  /** Null until it has started. */
  readonly clientUrl: string | null;
  /** It is sent everything and has no vote. */
  readonly isLearner: boolean;
}

/** Changes fail with WK_UNAVAILABLE and what etcd says against them; it refuses what would cost it its majority. */
export interface VotingMembers {
  /** As of now, and who leads them. Errors: WK_COORDINATOR_AWAY, also when they have no majority. */
  list(): Promise<{ readonly members: readonly VotingMember[]; readonly leader: bigint }>;
  /** Which voters answer at this moment and know a leader. */
  well(): Promise<ReadonlySet<bigint>>;
  addLearner(peerUrl: string): Promise<void>;
  promote(id: bigint): Promise<void>;
  remove(id: bigint): Promise<void>;
}

/** A change is over when the members have agreed on it. */
const changeMs = 5_000;
/** Every key is above it: the read is for its point in time alone. */
const nothing = { key: new Uint8Array([0]) };

/** The members as etcd itself lists them: asked, changed, and followed with the endpoints that calls go to. */
export class MemberList implements VotingMembers {
  readonly #members: Members;
  readonly #roster: Roster | null;
  readonly #log: Log;
  /** What the roster held when we read or wrote it last. */
  #known = '';

  constructor(members: Members, roster: Roster | null, log: Log) {
    this.#members = members;
    this.#roster = roster;
    this.#log = log;
  }

  async list(): Promise<{ members: readonly VotingMember[]; leader: bigint }> {
    return await this.#members.call(
      async (member, options) => {
        // etcd 3.4 answers with what the asked member knows. A linearizable read before makes it know all up to now.
        await member.kv.range(nothing, options);
        const { members } = await member.cluster.memberList({ linearizable: true }, options);
        const { leader } = await member.maintenance.status({}, options);
        return {
          leader,
          members: members.map(({ ID, name, peerURLs, clientURLs, isLearner }) => ({
            id: ID,
            name,
            peerUrl: peerURLs[0] ?? '',
            clientUrl: clientURLs[0] ?? null,
            isLearner,
          })),
        };
      },
      { repeatable: true },
    );
  }

  async well(): Promise<ReadonlySet<bigint>> {
    const answers = await this.#members.each((member, options) => member.maintenance.status({}, options));
    return new Set(
      answers.flatMap(({ header, leader }) => (leader === 0n || !header ? [] : [header.memberId])),
    );
  }

  addLearner(peerUrl: string): Promise<void> {
    return this.#change(async (member, options) =>
      member.cluster.memberAdd({ peerURLs: [peerUrl], isLearner: true }, options),
    );
  }

  promote(id: bigint): Promise<void> {
    return this.#change(async (member, options) => member.cluster.memberPromote({ ID: id }, options));
  }

  remove(id: bigint): Promise<void> {
    return this.#change(async (member, options) => member.cluster.memberRemove({ ID: id }, options));
  }

  /** Calls go to the members that have a vote; the file comes first, since somebody may know more than who answers us. */
  async follow(): Promise<void> {
    if (this.#roster === null || (await this.reread())) return;
    try {
      const { members } = await this.list();
      const voters = members.flatMap(({ clientUrl, isLearner }) =>
        clientUrl === null || isLearner ? [] : [clientUrl],
      );
      const text = voters.toSorted().join();
      if (voters.length === 0 || text === this.#known) return;
      this.#known = text;
      if (this.#members.endpoints.toSorted().join() !== text) this.#goTo(voters.toSorted());
      await this.#roster.write(voters.toSorted());
    } catch (error) {
      this.#log.debug('the members of etcd are not known', { because: textOf(error) });
    }
  }

  /** Whether the file named other members than before. */
  async reread(): Promise<boolean> {
    try {
      const told = (await this.#roster?.read()) ?? null;
      if (told === null || told.toSorted().join() === this.#known) return false;
      this.#known = told.toSorted().join();
      if (this.#members.endpoints.toSorted().join() === this.#known) return false;
      this.#goTo(told);
      return true;
    } catch (error) {
      this.#log.warn('the file with the members of etcd cannot be read', { because: textOf(error) });
      return false;
    }
  }

  async goTo(endpoints: readonly string[]): Promise<void> {
    if (this.#roster === null || endpoints.length === 0) return;
    try {
      if (endpoints.toSorted().join() !== ((await this.#roster.read()) ?? []).toSorted().join())
        await this.#roster.write(endpoints);
      await this.reread();
    } catch (error) {
      this.#log.error('the file with the members of etcd cannot be written', { because: textOf(error) });
    }
  }

  #goTo(endpoints: readonly string[]): void {
    if (this.#members.closed) return;
    this.#log.info('the members of etcd have changed', { endpoints: endpoints.join(', ') });
    this.#members.replace(endpoints);
  }

  async #change(run: Parameters<Members['once']>[0]): Promise<void> {
    try {
      await this.#members.once(run, changeMs);
    } catch (error) {
      throw new WatchError('WK_UNAVAILABLE', `the members of etcd stay as they are: ${textOf(error)}`, {
        cause: error,
      });
    }
  }
}
