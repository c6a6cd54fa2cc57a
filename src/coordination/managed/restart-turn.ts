import { keys } from '../../model/definitions.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Coordination } from '../coordination.ts';

/** Whoever took it was lost with it: a restart takes seconds. */
const forgottenAfterMs = 60_000;

/**
 * The turn to stop a member of etcd for a moment: one in the whole pool has it. It spares two machines that look at the same
 * moment from stopping together; that the others are well is looked at besides.
 */
export class RestartTurn {
  readonly #coordination: Coordination;
  readonly #clock: Clock;
  readonly #coreId: string;
  #seen: { readonly revision: number; readonly sinceMs: number } | null = null;

  constructor({ coordination, clock }: { coordination: Coordination; clock: Clock }, coreId: string) {
    this.#coordination = coordination;
    this.#clock = clock;
    this.#coreId = coreId;
  }

  /** Whether it is ours now. Errors: WK_COORDINATOR_AWAY. */
  async take(): Promise<boolean> {
    const item = await this.#coordination.get(keys.etcdTurn);
    if (item !== null && !this.#isForgotten(item.revision) && !item.value.includes(this.#coreId))
      return false;
    const value = JSON.stringify({ coreId: this.#coreId, atMs: Math.floor(this.#clock.wallMs()) });
    const { done } = await this.#coordination.transact({
      conditions: [{ key: keys.etcdTurn, revision: item?.revision ?? 0 }],
      writes: [{ key: keys.etcdTurn, value }],
    });
    return done;
  }

  async release(): Promise<void> {
    const item = await this.#coordination.get(keys.etcdTurn);
    if (item === null || !item.value.includes(this.#coreId)) return;
    await this.#coordination.transact({
      conditions: [{ key: keys.etcdTurn, revision: item.revision }],
      writes: [{ key: keys.etcdTurn, value: null }],
    });
  }

  /** By our own clock, since when we have seen it unchanged. */
  #isForgotten(revision: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (this.#seen?.revision !== revision) this.#seen = { revision, sinceMs: nowMs };
    return nowMs - this.#seen.sinceMs > forgottenAfterMs;
  }
}
