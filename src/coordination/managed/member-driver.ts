import { actingRole, etcdMemberSchema, etcdSignSchema, keys } from '../../model/definitions.ts';
import { codeOf, textOf } from '../../model/errors.ts';
import type { Clock, Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { every } from '../../runtime/timing.ts';
import type { Coordination } from '../coordination.ts';
import type { VotingMember, VotingMembers } from '../etcd/member-list.ts';
import { planMembers, type Candidate, type MemberStep } from './plan-members.ts';

export interface MemberDriverOptions {
  readonly coordination: Coordination & { readonly voting: VotingMembers };
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly coreId: string;
  /** Whether this server holds the role `acting` right now. */
  readonly isActing: () => boolean;
}

const lookEveryMs = 1_000;
/** Signs are rewritten every two seconds. */
const fitForMs = 10_000;

/**
 * Brings etcd's members to what the pool's servers and witnesses allow. Done by whoever acts, one change at a time, each
 * begun by a transaction on the acting role's record. See DESIGN.md for why two of them at once do no harm.
 */
export class MemberDriver implements Disposable {
  readonly #options: MemberDriverOptions;
  readonly #timer: Timer;
  /** The revision of each sign, and when we first saw it, on our clock. */
  readonly #signs = new Map<string, { readonly revision: number; readonly seenMs: number }>();
  #evenSinceMs: number | null = null;
  #trouble = '';

  constructor(options: MemberDriverOptions) {
    this.#options = options;
    this.#timer = every(options.timers, lookEveryMs, () => this.#look());
  }

  [Symbol.dispose](): void {
    this.#timer.cancel();
  }

  async #look(): Promise<void> {
    if (!this.#options.isActing()) {
      this.#evenSinceMs = null;
      this.#signs.clear();
      return;
    }
    try {
      await this.#drive();
      this.#trouble = '';
    } catch (error) {
      const because = textOf(error);
      const { log } = this.#options;
      if (because !== this.#trouble && codeOf(error) !== 'WK_COORDINATOR_AWAY')
        log.info('the members of etcd cannot be changed yet', { because });
      this.#trouble = because;
    }
  }

  async #drive(): Promise<void> {
    const { coordination, clock } = this.#options;
    const candidates = await this.#candidates();
    const { members, leader } = await coordination.voting.list();
    const nowMs = clock.monotonicMs();
    const voters = members.filter(({ isLearner }) => !isLearner).length;
    this.#evenSinceMs = voters % 2 === 0 ? (this.#evenSinceMs ?? nowMs) : null;
    const evenForMs = nowMs - (this.#evenSinceMs ?? nowMs);
    const step = planMembers({ members, leader, candidates, evenForMs });
    if (step !== null && (await this.#mayStep(step))) await this.#carryOut(step, members);
  }

  async #candidates(): Promise<Candidate[]> {
    const { coordination, clock } = this.#options;
    const [records, signs, revocations] = await Promise.all([
      coordination.list(keys.etcdMembers),
      coordination.list(keys.etcdSigns),
      coordination.list(keys.revocations),
    ]);
    // The others would go on dialling its member, and send it everything.
    const revoked = new Set(revocations.items.map(({ key }) => key.slice(keys.revocations.length)));
    const nowMs = clock.monotonicMs();
    const fit = new Set<string>();
    for (const { key, value, revision } of signs.items) {
      const known = this.#signs.get(key);
      // One that we see for the first time may be old; it counts from its first change on.
      const seenMs = known === undefined ? -Infinity : known.revision === revision ? known.seenMs : nowMs;
      this.#signs.set(key, { revision, seenMs });
      const sign = etcdSignSchema.safeParse(JSON.parse(value));
      if (nowMs - seenMs < fitForMs && sign.success && sign.data.because === null)
        fit.add(key.slice(keys.etcdSigns.length));
    }
    return records.items.flatMap(({ key, value }) => {
      const record = etcdMemberSchema.safeParse(JSON.parse(value));
      const coreId = key.slice(keys.etcdMembers.length);
      if (!record.success || revoked.has(coreId)) return [];
      const { name = coreId, peer } = record.data;
      return [{ name, peerUrl: `https://${peer}`, isFit: fit.has(coreId) }];
    });
  }

  /** Whoever lost the role without noticing is told so by this, and leaves a note of what was done last. */
  async #mayStep(step: MemberStep): Promise<boolean> {
    const { coordination, coreId, clock, isActing } = this.#options;
    const key = keys.holder(actingRole);
    const item = await coordination.get(key);
    if (item === null || !item.value.includes(coreId) || !isActing()) return false;
    const note = {
      by: coreId,
      atMs: Math.floor(clock.wallMs()),
      ...step,
      ...('id' in step && { id: step.id.toString(16) }),
    };
    const { done } = await coordination.transact({
      conditions: [{ key, revision: item.revision }],
      writes: [{ key: keys.etcdStep, value: JSON.stringify(note) }],
    });
    return done && isActing();
  }

  async #carryOut(step: MemberStep, members: readonly VotingMember[]): Promise<void> {
    const { coordination, log } = this.#options;
    const nameOf = (id: bigint): string => {
      const member = members.find((one) => one.id === id);
      return member?.name || (member?.peerUrl ?? '');
    };
    switch (step.kind) {
      case 'add':
        await coordination.voting.addLearner(step.peerUrl);
        return log.info('etcd has a learner more', { at: step.peerUrl });
      case 'promote':
        await coordination.voting.promote(step.id);
        return log.info('etcd has a voter more', { member: nameOf(step.id) });
      case 'remove':
        await coordination.voting.remove(step.id);
        return log.warn('etcd has a member less', { member: nameOf(step.id), because: step.because });
    }
  }
}
