import type { Coordination } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import { codeOf } from '../model/errors.ts';
import { userDefinitionSchema, type UserDefinition } from '../model/users.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Timer, Timers } from '../runtime/clock.ts';

/** Until the next question: while the coordinator is away, and while it has told what our mirror is about to hear. */
const againMs = { away: 2_000, behind: 200 } as const;
/** The trail is written before the change is: one answer may still be from before it. */
const answersNeeded = 2;
const doubtedMax = 10_000;

interface Ports {
  readonly coordination: Pick<Coordination, 'get'>;
  readonly timers: Timers;
  /** As this server has it mirrored. */
  user(coreId: Uuid): UserDefinition | null;
}

interface Doubt {
  /** Sessions made until then are over. */
  untilMs: number;
  /** What the user may do has changed, not only how they sign in. */
  isWhole: boolean;
  /** The coordinator did not say yet what became of it. */
  isHeld: boolean;
  /** How often it said that we know it all. */
  answers: number;
}

/**
 * Users of whom another server's audit trail says that they were changed, while this one cannot ask the coordinator how.
 * Modes of a doubt: asked (the first question is under way), held (no answer: sessions from before are over, nobody signs
 * in as that user, and a certificate counts no more when rights were changed), forgotten (what we have mirrored is what
 * the coordinator has). Asked again until it answers, so a server that follows the coordinator holds nobody.
 */
export class DoubtedUsers {
  readonly #ports: Ports;
  readonly #doubts = new Map<Uuid, Doubt>();
  #again: Timer | null = null;
  #isAsking = false;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** The trail says that this user was changed then. */
  heard(coreId: Uuid, atMs: number, isWhole: boolean): void {
    const doubt = this.#doubts.get(coreId) ?? { untilMs: 0, isWhole: false, isHeld: false, answers: 0 };
    if (this.#doubts.size >= doubtedMax && !this.#doubts.has(coreId)) return;
    doubt.untilMs = Math.max(doubt.untilMs, atMs);
    doubt.isWhole ||= isWhole;
    doubt.answers = 0;
    this.#doubts.set(coreId, doubt);
    void this.#ask();
  }

  isOver(coreId: Uuid, sessionMadeMs: number): boolean {
    const doubt = this.#doubts.get(coreId);
    return doubt !== undefined && doubt.isHeld && sessionMadeMs <= doubt.untilMs;
  }

  /** Whether nobody may sign in as that user for now. */
  mayNotSignIn(coreId: Uuid): boolean {
    return this.#doubts.get(coreId)?.isHeld ?? false;
  }

  /** Whether a certificate of that user counts no more for now. */
  isRefused(coreId: Uuid): boolean {
    const doubt = this.#doubts.get(coreId);
    return doubt !== undefined && doubt.isHeld && doubt.isWhole;
  }

  close(): void {
    this.#again?.cancel();
    this.#doubts.clear();
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#again?.cancel();
    this.#again = null;
    let waitMs: number = againMs.away;
    for (const [coreId, doubt] of this.#doubts) {
      const found = await this.#compare(coreId);
      if (found === 'away') {
        // The others need not wait for the same answer.
        for (const each of this.#doubts.values()) each.isHeld = true;
        waitMs = againMs.away;
        break;
      }
      if (found === 'behind') waitMs = againMs.behind;
      doubt.isHeld = found !== 'same';
      if (found === 'same' && ++doubt.answers >= answersNeeded) this.#doubts.delete(coreId);
    }
    this.#isAsking = false;
    if (this.#doubts.size > 0) this.#again = this.#ports.timers.after(waitMs, () => void this.#ask());
  }

  /** What is mirrored here with what the coordinator has. */
  async #compare(coreId: Uuid): Promise<'same' | 'behind' | 'away'> {
    try {
      const item = await this.#ports.coordination.get(keys.user(coreId));
      const mirrored = this.#ports.user(coreId);
      const generation = item && userDefinitionSchema.parse(JSON.parse(item.value)).generation;
      return (mirrored?.generation ?? null) === generation ? 'same' : 'behind';
    } catch (error) {
      if (codeOf(error) === 'WK_COORDINATOR_AWAY') return 'away';
      throw error;
    }
  }
}
