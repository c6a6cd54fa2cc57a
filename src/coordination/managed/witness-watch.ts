import { keys } from '../../model/definitions.ts';
import { textOf } from '../../model/errors.ts';
import type { Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { every } from '../../runtime/timing.ts';
import type { Coordination } from '../coordination.ts';
import type { VotingMembers } from '../etcd/member-list.ts';

export interface WitnessWatchOptions {
  readonly coordination: Coordination & { readonly voting: VotingMembers };
  readonly timers: Timers;
  readonly log: Log;
  /** Whether somebody still wants to know. */
  readonly isWanted: () => boolean;
  readonly tell: (known: { listed: number; heard: number; memoryMs: number }) => void;
}

const lookEveryMs = 1_000;
/** One etcd of several machines is not rebuilt in so short a time. */
const memoryOfManyMs = 600_000;
/**
 * With one voter, another server may have rebuilt it by hand (`role take --force`), which waits for longer than this.
 */
export const memoryOfOneMs = 10_000;

/**
 * Which witnesses follow the coordinator that answers here. Their signs in it say so, by changing: a witness that knows
 * of another one, or of more, signs nothing.
 */
export class WitnessWatch implements Disposable {
  readonly #options: WitnessWatchOptions;
  readonly #timer: Timer;
  readonly #first = new Map<string, number>();

  constructor(options: WitnessWatchOptions) {
    this.#options = options;
    this.#timer = every(options.timers, lookEveryMs, () => this.#look(), 0);
  }

  [Symbol.dispose](): void {
    this.#timer.cancel();
  }

  async #look(): Promise<void> {
    const { coordination, isWanted, tell, log } = this.#options;
    // What they signed before we lost touch says nothing of what we find afterwards.
    if (!isWanted()) return this.#first.clear();
    try {
      const [witnesses, signs, { members }] = await Promise.all([
        coordination.list(keys.witnesses),
        coordination.list(keys.etcdSigns),
        coordination.voting.list(),
      ]);
      const revisions = new Map(signs.items.map(({ key, revision }) => [key, revision]));
      const heard = witnesses.items.filter(({ key }) => {
        const sign = keys.etcdSign(key.slice(keys.witnesses.length));
        const revision = revisions.get(sign) ?? 0;
        const first = this.#first.get(sign) ?? revision;
        this.#first.set(sign, first);
        return revision !== first;
      });
      const voters = members.filter(({ isLearner }) => !isLearner).length;
      const memoryMs = voters >= 3 ? memoryOfManyMs : memoryOfOneMs;
      tell({ listed: witnesses.items.length, heard: heard.length, memoryMs });
    } catch (error) {
      log.debug('the witnesses are not known', { because: textOf(error) });
    }
  }
}
