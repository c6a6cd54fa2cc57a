import type { Transaction } from '../../src/coordination/coordination.ts';
import { keys, type Holder, type Session } from '../../src/model/definitions.ts';
import type { Grant } from '../../src/pool/grants.ts';
import { beliefMs, type Timings } from '../../src/pool/lease/timings.ts';
import type { SimProcess } from '../world/process.ts';
import { check } from '../world/violation.ts';

interface Belief {
  readonly epoch: number;
  readonly untilMs: number;
}

/**
 * Watches who may act: from what server processes were told and when, each deadline turned into real time by the rate
 * of its machine's clock; and from what the coordinator committed.
 */
export class RoleJudge {
  readonly #coreIdOf: (process: SimProcess) => string;
  readonly #isAlone: boolean;
  readonly #timings: Timings;
  /** By core ID: when the coordinator took a sign of life, or its server was asked to ask for promises instead. */
  readonly #renewedMs = new Map<string, number>();
  readonly #takes = new Set<string>();
  readonly #beliefs = new Map<string, Map<SimProcess, Belief>>();
  readonly #granted = new Map<string, { epoch: number; process: SimProcess }>();
  readonly #committed = new Map<string, number>();
  /** By process: the roles and epochs that it said it has given back. */
  readonly #givenBack = new Map<SimProcess, Set<string>>();
  changes = 0;
  /** How often somebody else got a role whose last holder lives, frozen beyond its deadline. */
  expiredWhilePaused = 0;
  /** It was restored from a backup, and nobody has confirmed that yet. */
  coordinatorIsInDoubt: () => boolean = () => false;

  /** `isAlone`: a pool of one server, which while the coordinator is away has nobody to ask. */
  constructor(coreIdOf: (process: SimProcess) => string, isAlone: boolean, timings: Timings) {
    this.#coreIdOf = coreIdOf;
    this.#isAlone = isAlone;
    this.#timings = timings;
  }

  /** A server process was told to ask the members to let its keeper go on. */
  asked(process: SimProcess): void {
    this.#renewedMs.set(this.#coreIdOf(process), process.localMs());
  }

  /** A server process told its keeper that it does not act for the role any more. */
  released(process: SimProcess, role: string, epoch: number): void {
    this.#beliefs.get(role)?.delete(process);
    const given = this.#givenBack.get(process) ?? new Set();
    this.#givenBack.set(process, given.add(`${role} ${epoch}`));
  }

  /** Once it has read them: what was given back is not taken up again, however late a renewal of it comes. */
  obeyed(process: SimProcess, grants: readonly Grant[], holds: (role: string) => boolean): void {
    for (const { role, epoch } of grants)
      check(
        this.#givenBack.get(process)?.has(`${role} ${epoch}`) !== true || !holds(role),
        'one effective holder (I11)',
        () => `${process.name} acts for ${role} with epoch ${epoch} again, which it has given back`,
      );
  }

  /** A server process read the grants that its keeper sent, the whole set. */
  heard(process: SimProcess, grants: readonly Grant[]): void {
    const nowMs = process.localMs();
    for (const [role, beliefs] of this.#beliefs)
      if (!grants.some((grant) => grant.role === role)) beliefs.delete(process);
    for (const grant of grants) {
      if (this.#givenBack.get(process)?.has(`${grant.role} ${grant.epoch}`) === true) continue;
      const { clock } = process.machine;
      const untilMs = nowMs + (grant.deadlineMs - clock.monotonicMs(nowMs)) / clock.rate;
      this.#believes(process, grant, nowMs, untilMs);
    }
  }

  #believes(process: SimProcess, { role, epoch }: Grant, nowMs: number, untilMs: number): void {
    const beliefs = this.#beliefs.get(role) ?? new Map<SimProcess, Belief>();
    this.#beliefs.set(role, beliefs);
    if (untilMs > nowMs) {
      for (const [other, belief] of beliefs)
        check(
          other === process || !other.alive || belief.untilMs <= nowMs,
          'one effective holder (I11)',
          () =>
            `${role} at ${nowMs}: ${process.name} epoch ${epoch}, ${other.name} epoch ${belief.epoch} until ${belief.untilMs}`,
        );
    }
    beliefs.set(process, { epoch, untilMs });
    // What a process reads after it stood still may be long over: then it is no belief.
    if (untilMs > nowMs) this.#checkEpoch(process, role, epoch);
    this.#checkBelief(process, role, untilMs);
    check(
      this.#takes.has(`${role} ${epoch}`),
      'no role is taken without the coordinator (I17)',
      () => `${process.name} has ${role} with epoch ${epoch}, which the coordinator never gave`,
    );
  }

  /** Belief counts from before a renewal was sent, so from before it was carried out. */
  #checkBelief(process: SimProcess, role: string, untilMs: number): void {
    const renewedMs = this.#renewedMs.get(this.#coreIdOf(process)) ?? 0;
    const lastMs = renewedMs + beliefMs(this.#timings) / process.machine.clock.rate;
    check(
      this.#isAlone || untilMs <= lastMs + 1,
      'belief ends first (I12)',
      () => `${process.name} believes in ${role} until ${untilMs}; its last sign of life was at ${renewedMs}`,
    );
  }

  #checkEpoch(process: SimProcess, role: string, epoch: number): void {
    const last = this.#granted.get(role);
    const rises =
      last === undefined || epoch > last.epoch || (epoch === last.epoch && process === last.process);
    check(
      rises,
      'epochs rise (I13)',
      () => `${role}: ${process.name} has epoch ${epoch} after ${last?.process.name} ${last?.epoch}`,
    );
    if (last?.epoch !== epoch) this.changes += 1;
    if (last !== undefined && last.process !== process && last.process.alive && last.process.frozen)
      this.expiredWhilePaused += 1;
    this.#granted.set(role, { epoch, process });
  }

  committed(transaction: Transaction, nowMs: number): void {
    for (const { key, value } of transaction.writes) {
      if (key.startsWith(keys.sessions) && value !== null) {
        const { coreId, ended } = JSON.parse(value) as Session;
        if (!ended) this.#renewedMs.set(coreId, nowMs);
      }
      if (!key.startsWith(keys.holders) || value === null) continue;
      const { role, holder, epoch } = JSON.parse(value) as Holder;
      const last = this.#committed.get(role) ?? 0;
      check(
        holder === null ? epoch >= last || this.#mayFindAgain(role, epoch) : epoch > last,
        'epochs rise in the coordinator (I13)',
        () => `${role}: ${epoch} after ${last}`,
      );
      this.#committed.set(role, Math.max(last, epoch));
      if (holder === null) continue;
      this.#takes.add(`${role} ${epoch}`);
      check(
        !this.coordinatorIsInDoubt(),
        'no role is taken from a coordinator that was restored (I17)',
        () => `${role} with epoch ${epoch} at ${nowMs}`,
      );
    }
  }

  /** Who was cut off while the coordinator was restored may find its old role there, and gives it up as it stands. */
  #mayFindAgain(role: string, epoch: number): boolean {
    return this.coordinatorIsInDoubt() && this.#takes.has(`${role} ${epoch}`);
  }

  /** Who may act for the role at that instant. */
  holders(role: string, nowMs: number): SimProcess[] {
    return [...(this.#beliefs.get(role) ?? [])]
      .filter(([process, { untilMs }]) => process.alive && untilMs > nowMs)
      .map(([process]) => process);
  }
}
