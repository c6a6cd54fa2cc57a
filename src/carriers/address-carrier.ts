import { unreachable } from '../model/invariant.ts';
import type { Timer } from '../runtime/clock.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { every, sleep } from '../runtime/timing.ts';
import type {
  CarriedRole,
  CarrierEffect,
  CarrierEvent,
  CarrierState,
  GateCall,
  Place,
} from './address-state.ts';
import { initialCarrier } from './address-state.ts';
import { stepCarrier } from './address-step.ts';
import { Announcer } from './announce.ts';
import { gateScript } from './gate-script.ts';
import { runAddress, runGate } from './network-commands.ts';
import { readyAddress, readyGate, type ReadyProgram } from './ready-program.ts';

const tickMs = 50;
const shutWithinMs = 3_000;

export interface AddressCarrierOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'commands' | 'files' | 'log'>;
  readonly timings: { readonly renewEveryMs: number; readonly ttlMs: number };
  /** Nothing of the role is left on this server. */
  readonly onClosed: (role: string) => void;
  /** Whether this server can carry the role; else why not. Told when it changes. */
  readonly onFit: (role: string, because: string | null) => void;
}

/** Puts the addresses of held roles on this server's interfaces, gates them, and takes them away again. */
export class AddressCarrier {
  readonly #options: AddressCarrierOptions;
  readonly #announcer: Announcer;
  readonly #nft: ReadyProgram;
  readonly #ip: ReadyProgram;
  readonly #devices: string[] = [];
  #state: CarrierState;
  #ticker: Timer | null = null;

  constructor(options: AddressCarrierOptions) {
    this.#options = options;
    this.#announcer = new Announcer(options.runtime);
    this.#nft = readyGate(options.runtime);
    this.#ip = readyAddress(options.runtime);
    this.#state = initialCarrier(options.timings);
  }

  /** All roles with an address, and where it belongs on this server. */
  define(places: ReadonlyMap<string, Place>): void {
    if (places.size === 0 && this.#state.defined.size === 0) return;
    this.#ticker ??= every(this.#options.runtime.timers, tickMs, () => this.#step({ kind: 'tick' }));
    this.#step({ kind: 'define', places });
  }

  /** All roles that are ours now, with their deadlines; what is missing is closed at once. */
  carry(roles: readonly CarriedRole[]): void {
    this.#step({ kind: 'carry', roles });
  }

  /** These are being taken; until `carry` says that they are ours nothing is opened. */
  expect(roles: readonly string[], deadlineMs: number): void {
    this.#step({ kind: 'expect', roles, deadlineMs });
  }

  /** Closes whatever is open; resolves when it is, or when the kernel has had time to do it. */
  async close(): Promise<void> {
    this.carry([]);
    const { timers } = this.#options.runtime;
    for (let waitedMs = 0; this.#state.carriages.size > 0 && waitedMs < shutWithinMs; waitedMs += tickMs)
      await sleep(timers, tickMs);
    this.#ticker?.cancel();
    for (const program of [this.#nft, this.#ip]) program.stop();
  }

  #step(event: CarrierEvent): void {
    const [state, effects] = stepCarrier(this.#state, event, this.#options.runtime.clock.monotonicMs());
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: CarrierEffect): void {
    const { onClosed, onFit, runtime } = this.#options;
    switch (effect.kind) {
      case 'gate':
        return void this.#gate(effect.call);
      case 'address': {
        const { call } = effect;
        const answer = runAddress(runtime.commands, (input) => this.#ip.run(input), call);
        return void answer.then((answered) => this.#step({ kind: 'address answered', call, ...answered }));
      }
      case 'announce':
        return void this.#announcer.announce(effect.place);
      // Later, since whoever hears it may well tell us something at once.
      case 'closed':
        return runtime.timers.soon(() => onClosed(effect.role));
      case 'fit':
        return runtime.timers.soon(() => onFit(effect.role, effect.because));
      case 'say':
        return runtime.log[effect.level](effect.text, effect.fields);
      default:
        unreachable(effect);
    }
  }

  async #gate(call: GateCall): Promise<void> {
    const script = gateScript(call, this.#state.egress, (device) => this.#indexOf(device));
    if (call.kind !== 'prepare')
      return this.#step({ kind: 'gate answered', call, result: await this.#nft.run(script) });
    const result = await runGate(this.#options.runtime.commands, script);
    if (result.kind === 'done') this.#nft.ready();
    this.#ip.ready();
    this.#step({ kind: 'gate answered', call, result });
  }

  #indexOf(device: string): number {
    if (!this.#devices.includes(device)) this.#devices.push(device);
    return this.#devices.indexOf(device);
  }
}
