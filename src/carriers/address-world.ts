import { unreachable } from '../model/invariant.ts';
import type {
  AddressCall,
  CallResult,
  CarrierEffect,
  CarrierEvent,
  CarrierState,
  Device,
  GateCall,
  Place,
} from './address-state.ts';
import { initialCarrier } from './address-state.ts';
import { stepCarrier } from './address-step.ts';
import { kernelLateMs } from './gate-calls.ts';

/**
 * A little world for the tests of the carrier: one host with a kernel that knows sets whose elements time out, a
 * keeper that stops at any point and for any time, and calls that reach the kernel late or are killed on their way, done
 * or not. One seed, one run. It keeps its own record of what was granted and never asks the code that it judges.
 */
export interface AddressMutant {
  readonly name: string;
  /** Changes what reaches the kernel. */
  readonly gateCall?: (call: GateCall, state: CarrierState, nowMs: number) => GateCall;
  /** Renewals and openings that do not need what they delete. */
  readonly withoutDelete?: 'open' | 'renew';
  readonly after?: (state: CarrierState, nowMs: number) => void;
  readonly effects?: (effects: readonly CarrierEffect[], event: CarrierEvent) => CarrierEffect[];
}

export interface AddressReport {
  readonly violations: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
}

export const place: Place = { address: '10.0.0.50', family: 4, device: 'eth0' };
export const role = 'virtual-interface/main';
const endMs = 60_000;
const tickMs = 50;
const callTimeoutMs = 500;
const config = { renewEveryMs: 500, ttlMs: 3_000 };
const beliefMs = 2_840;

interface Element {
  readonly endsMs: number;
}

interface Running {
  readonly atMs: number;
  readonly run: () => void;
}

export class AddressWorld {
  readonly #random: () => number;
  readonly #mutant: AddressMutant;
  readonly #agenda: Running[] = [];
  readonly #violations: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #sets = new Map<'open' | 'ticket', Element>();
  #state = initialCarrier(config);
  #nowMs = 0;
  #stoppedUntilMs = 0;
  #inbox: CarrierEvent[] = [];
  /** The latest deadline of the role that was ever given, and whether it was called closed since. */
  #grantedUntilMs = -Infinity;
  #closed = true;
  #holding: { epoch: number; sentMs: number } | null = null;
  #epoch = 0;
  #present = false;

  constructor(random: () => number, mutant: AddressMutant = { name: 'none' }) {
    this.#random = random;
    this.#mutant = mutant;
  }

  run(): AddressReport {
    this.#deliver({ kind: 'define', places: new Map([[role, place]]) });
    this.#at(tickMs, () => this.#tick());
    this.#at(400, () => this.#lease());
    this.#at(1_000, () => this.#fault());
    while (this.#agenda.length > 0) {
      this.#agenda.sort((a, b) => a.atMs - b.atMs);
      const next = this.#agenda.shift();
      if (next === undefined || next.atMs > endMs) break;
      this.#nowMs = next.atMs;
      next.run();
      this.#judge();
    }
    return { violations: this.#violations, counts: this.#counts };
  }

  // The keeper's lease: renewed now and then, lost and taken again.

  #lease(): void {
    this.#at(this.#nowMs + 500 + this.#random() * 30, () => this.#lease());
    if (this.#isStopped()) return;
    const chance = this.#random();
    if (this.#holding === null) {
      // Asked for in vain now and then.
      if (chance < 0.7) this.#deliver({ kind: 'expect', roles: [role], deadlineMs: this.#nowMs + beliefMs });
      if (chance < 0.5 && this.#state.told.get(role) === null && this.#closed)
        this.#holding = { epoch: ++this.#epoch, sentMs: this.#nowMs - this.#random() * 300 };
    } else if (chance < 0.1) {
      this.#holding = null;
    } else if (chance < 0.75) {
      this.#holding = { ...this.#holding, sentMs: this.#nowMs - this.#random() * 50 };
    }
    this.#carry();
  }

  #carry(): void {
    const held = this.#holding;
    const deadlineMs = held === null ? 0 : held.sentMs + beliefMs;
    if (held !== null && this.#nowMs >= deadlineMs) this.#holding = null;
    const roles = this.#holding === null ? [] : [{ role, epoch: this.#holding.epoch, deadlineMs }];
    if (roles.length > 0) {
      this.#grantedUntilMs = Math.max(this.#grantedUntilMs, deadlineMs);
      this.#closed = false;
    }
    this.#deliver({ kind: 'carry', roles });
  }

  #fault(): void {
    this.#at(this.#nowMs + 200 + this.#random() * 3_000, () => this.#fault());
    if (this.#random() < 0.5) {
      this.#count('keeper stopped');
      this.#stoppedUntilMs = this.#nowMs + this.#random() ** 3 * 8_000;
    }
  }

  #isStopped(): boolean {
    return this.#nowMs < this.#stoppedUntilMs;
  }

  #tick(): void {
    this.#at(this.#nowMs + tickMs, () => this.#tick());
    if (this.#isStopped()) return;
    const waiting = this.#inbox;
    this.#inbox = [];
    // The lease is the first to look at the clock.
    this.#carry();
    for (const event of waiting) this.#deliver(event);
    this.#deliver({ kind: 'tick' });
  }

  #deliver(event: CarrierEvent): void {
    if (this.#isStopped()) return void this.#inbox.push(event);
    const [state, made] = stepCarrier(this.#state, event, this.#nowMs);
    this.#mutant.after?.(state, this.#nowMs);
    this.#state = state;
    for (const effect of this.#mutant.effects?.(made, event) ?? made) this.#carryOut(effect);
  }

  #carryOut(effect: CarrierEffect): void {
    if (effect.kind === 'gate') return this.#gateCall(effect.call);
    if (effect.kind === 'address') return this.#addressCall(effect.call);
    if (effect.kind !== 'closed') return;
    this.#count('closed');
    if (this.#isOpen()) this.#object('called closed while it is open');
    if (this.#holding === null) {
      this.#closed = true;
      this.#grantedUntilMs = -Infinity;
    }
  }

  // The kernel, and the way to it.

  /** A process that was started reaches the kernel after a while, whatever became of the keeper meanwhile. */
  #through(act: () => CallResult, answer: (result: CallResult) => void): void {
    const slow = this.#random() < 0.15;
    const delayMs = slow ? this.#random() ** 2 * 9_000 : 2 + this.#random() * 10;
    const killedMs = this.#nowMs + callTimeoutMs;
    let result: CallResult = { kind: 'unknown', why: 'killed' };
    const acts = this.#nowMs + delayMs;
    // Its time limit is the keeper's to enforce; while that is stopped the process lives on.
    const limit = (): void => {
      if (this.#isStopped()) return this.#at(this.#stoppedUntilMs + 1, limit);
      if (acts <= this.#nowMs) return;
      dead = true;
      this.#count('call killed');
      answer(result);
    };
    let dead = false;
    this.#at(acts, () => {
      if (dead) return;
      if (slow) this.#count('call late');
      result = act();
      const answered = this.#random() < 0.03 ? { kind: 'unknown' as const, why: 'killed after' } : result;
      this.#at(this.#nowMs + this.#random() * 20, () => answer(answered));
    });
    if (acts > killedMs) this.#at(killedMs, limit);
  }

  #gateCall(asked: GateCall): void {
    const call = this.#mutant.gateCall?.(asked, this.#state, this.#nowMs) ?? asked;
    const answer = (result: CallResult): void =>
      this.#deliver({ kind: 'gate answered', call: asked, result });
    this.#through(() => this.#gateActs(call), answer);
  }

  #gateActs(call: GateCall): CallResult {
    const [timeoutMs = 0] = 'timeoutsMs' in call ? call.timeoutsMs : [];
    const lives = (set: 'open' | 'ticket'): boolean =>
      (this.#sets.get(set)?.endsMs ?? -Infinity) > this.#nowMs;
    const refused: CallResult = { kind: 'refused', why: 'No such file or directory' };
    // A little late, as the kernel is.
    const element = { endsMs: this.#nowMs + timeoutMs + this.#random() * (kernelLateMs / 2) };
    switch (call.kind) {
      case 'close':
        this.#sets.clear();
        return { kind: 'done' };
      case 'ticket':
        this.#sets.set('ticket', element);
        return { kind: 'done' };
      case 'open':
        if (!lives('ticket') && this.#mutant.withoutDelete !== 'open') return refused;
        this.#sets.delete('ticket');
        break;
      case 'renew':
        if (!lives('open') && this.#mutant.withoutDelete !== 'renew') return refused;
        break;
      case 'prepare':
      case 'unguard':
        return { kind: 'done' };
      default:
        unreachable(call);
    }
    this.#count(call.kind);
    this.#sets.set('open', element);
    if (this.#closed) this.#object(`${call.kind} after it was called closed`);
    else if (element.endsMs > this.#grantedUntilMs)
      this.#object(
        `open until ${Math.round(element.endsMs)}, granted until ${Math.round(this.#grantedUntilMs)}`,
      );
    return { kind: 'done' };
  }

  #addressCall(call: AddressCall): void {
    const devices: Device[] = [{ name: 'eth0', addresses: this.#present ? ['10.0.0.50/32'] : [] }];
    const answer = (result: CallResult): void =>
      this.#deliver({ kind: 'address answered', call, result, devices });
    this.#through(() => {
      if (call.kind === 'put') this.#present = true;
      if (call.kind.startsWith('remove')) this.#present = false;
      this.#count(call.kind);
      return { kind: 'done' };
    }, answer);
  }

  #isOpen(): boolean {
    return (this.#sets.get('open')?.endsMs ?? -Infinity) > this.#nowMs;
  }

  /** A rival may take the role from the latest deadline on. */
  #judge(): void {
    if (this.#isOpen() && this.#nowMs > this.#grantedUntilMs) this.#object('open beyond its deadline');
  }

  #object(text: string): void {
    this.#violations.push(`at ${Math.round(this.#nowMs)} ms: ${text}`);
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  #at(atMs: number, run: () => void): void {
    this.#agenda.push({ atMs, run });
  }
}
