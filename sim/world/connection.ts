import { crc32 } from 'node:zlib';
import type { Identity } from '../../src/model/identity.ts';
import type { Transport } from '../../src/runtime/network.ts';
import type { Links } from './links.ts';
import type { SimProcess } from './process.ts';
import type { SeededRandom } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

/** What the two kernels together take before `bufferedBytes` grows. */
const kernelBytes = 256 * 1_024;
const bytesPerMs = 100_000;
/** How long a retransmission may take to notice that a cut has healed. */
const retransmitMsMax = 800;

export interface ConnectionWorld {
  readonly scheduler: Scheduler;
  readonly links: Links;
  readonly random: SeededRandom;
  readonly trace: Trace;
  ended(connection: Connection): void;
}

export interface EndOptions {
  readonly process: SimProcess;
  /** Who is at the other end. */
  readonly peer: Identity;
  readonly messageBytesMax: number;
}

/**
 * A reliable, ordered stream of messages, as TCP gives it: a cut holds what was sent, a break loses what was under
 * way, and each end may learn of the end at its own time, or never.
 */
export class Connection {
  readonly id: number;
  readonly world: ConnectionWorld;
  readonly ends: readonly [End, End];

  constructor(id: number, world: ConnectionWorld, connecting: EndOptions, listening: EndOptions) {
    this.id = id;
    this.world = world;
    this.ends = [new End(this, 0, connecting), new End(this, 1, listening)];
  }

  other(end: End): End {
    return this.ends[end.side === 0 ? 1 : 0];
  }

  /** The listening end's answer: nothing it sends arrives before. */
  greet(connected: () => void): void {
    this.ends[1].toOther('connected', 0, connected);
  }

  joins(siteA: string, siteB: string): boolean {
    const [a, b] = this.ends.map((end) => end.process.site);
    return (a === siteA && b === siteB) || (a === siteB && b === siteA);
  }

  /** Something in between ends it; `tell` says which of the ends hears of it. */
  reset(tell: readonly [boolean, boolean]): void {
    for (const end of this.ends) {
      end.dropWhatIsUnderWay();
      if (tell[end.side]) end.hearsEnd('connection reset');
      else end.halfOpen = true;
    }
  }
}

class End implements Transport {
  readonly connection: Connection;
  readonly side: 0 | 1;
  readonly process: SimProcess;
  readonly peer: Identity;
  /** The way is gone without this end knowing; it learns when it sends. */
  halfOpen = false;
  readonly #messageBytesMax: number;
  readonly #wireStream: string;
  readonly #inStream: string;
  readonly #held: (() => void)[] = [];
  #generation = 0;
  #underWayBytes = 0;
  #wantsDrain = false;
  #ended = false;
  #onMessage: ((message: Uint8Array) => void) | null = null;
  #onDrain: (() => void) | null = null;
  #onClose: ((why: string) => void) | null = null;

  constructor(connection: Connection, side: 0 | 1, options: EndOptions) {
    this.connection = connection;
    this.side = side;
    this.#wireStream = `wire ${connection.id}.${side}`;
    this.#inStream = `in ${connection.id}.${side}`;
    this.process = options.process;
    this.peer = options.peer;
    this.#messageBytesMax = options.messageBytesMax;
    options.process.onDeath((signal) => this.#processDied(signal));
  }

  get remoteAddress(): string {
    return this.#other.process.site;
  }

  get #other(): End {
    return this.connection.other(this);
  }

  get bufferedBytes(): number {
    return Math.max(0, this.#underWayBytes - kernelBytes);
  }

  onMessage(handler: (message: Uint8Array) => void): void {
    this.#onMessage = handler;
  }

  onDrain(handler: () => void): void {
    this.#onDrain = handler;
  }

  onClose(handler: (why: string) => void): void {
    this.#onClose = handler;
  }

  send(message: Uint8Array): void {
    this.process.pass('send');
    if (this.#ended) return;
    if (this.halfOpen) return this.#learnsOfReset();
    const copy = new Uint8Array(message);
    this.connection.world.trace.mixNumbers(this.connection.id, copy.length, crc32(copy));
    this.#underWayBytes += copy.length;
    if (this.bufferedBytes > 0) this.#wantsDrain = true;
    this.toOther('message', copy.length, () => {
      this.#taken(copy.length);
      this.#other.#receive(copy);
    });
  }

  /** Runs `arrive` in the other process, after everything sent before; holds it while the way is cut. */
  toOther(label: string, bytes: number, arrive: () => void): void {
    const { scheduler, links } = this.connection.world;
    const [from, to] = [this.process.site, this.#other.process.site];
    const generation = this.#generation;
    const reach = (): void => {
      if (generation !== this.#generation) return;
      if (links.isCut(from, to) || this.#held.length > 0) this.#hold(reach);
      else this.#handOver(label, arrive);
    };
    const sentMs = this.process.alive ? this.process.localMs() : scheduler.nowMs;
    const atMs = sentMs + links.delayMs(from, to) + bytes / bytesPerMs;
    scheduler.at(atMs, 'wire', reach, { stream: this.#wireStream });
  }

  #handOver(label: string, arrive: () => void): void {
    const receiver = this.#other;
    if (receiver.process.alive)
      this.connection.world.scheduler.after(0, label, arrive, {
        owner: receiver.process,
        stream: this.#inStream,
      });
    else if (receiver.process.machine.processes.length > 0) this.#learnsOfReset();
  }

  #hold(reach: () => void): void {
    if (this.#held.push(reach) > 1) return;
    const { scheduler, links, random } = this.connection.world;
    const [from, to] = [this.process.site, this.#other.process.site];
    links.whenHealed(from, to, () => {
      scheduler.after(random.unit() * retransmitMsMax, 'retransmit', () => {
        for (const held of this.#held.splice(0)) held();
      });
    });
  }

  #taken(bytes: number): void {
    this.#underWayBytes -= bytes;
    if (!this.#wantsDrain || this.bufferedBytes > 0) return;
    this.#wantsDrain = false;
    this.connection.world.scheduler.after(0.1, 'drain', () => this.#onDrain?.(), { owner: this.process });
  }

  #receive(message: Uint8Array): void {
    if (this.#ended) return;
    if (message.length > this.#messageBytesMax) return this.terminate();
    if (this.#onMessage) this.#onMessage(message);
    else this.connection.world.trace.line(`${this.process.name} has no handler for a message`);
  }

  close(why: string): void {
    if (this.#ended) return;
    this.toOther('close', 0, () => this.#other.hearsEnd(why));
    this.#endsSoon(why, 2);
  }

  terminate(): void {
    if (this.#ended) return;
    if (this.connection.world.random.chance(0.5)) this.dropWhatIsUnderWay();
    this.toOther('reset', 0, () => this.#other.hearsEnd('connection reset'));
    this.#endsSoon('terminated', 0);
  }

  dropWhatIsUnderWay(): void {
    this.#generation += 1;
    this.#held.length = 0;
  }

  #learnsOfReset(): void {
    const { links, scheduler } = this.connection.world;
    const [here, there] = [this.process.site, this.#other.process.site];
    if (this.#ended || !this.process.alive || links.isCut(here, there) || links.isCut(there, here)) return;
    const roundTripMs = links.delayMs(here, there) + links.delayMs(there, here);
    scheduler.after(roundTripMs, 'reset', () => this.hearsEnd('connection reset'), { owner: this.process });
  }

  #endsSoon(why: string, delayMs: number): void {
    const atMs = this.process.localMs() + delayMs;
    this.#ended = true;
    const run = (): void => this.#onClose?.(why);
    this.connection.world.scheduler.at(atMs, 'closed', run, { owner: this.process });
    this.connection.world.ended(this.connection);
  }

  hearsEnd(why: string): void {
    if (this.#ended || !this.process.alive) return;
    this.#endsSoon(why, 0);
  }

  /** The kernel says goodbye for a killed process; for a machine without power nobody does. */
  #processDied(signal: string | null): void {
    if (this.#ended) return;
    this.#ended = true;
    if (signal === 'power' || signal === 'end') this.#other.halfOpen = true;
    else this.toOther('reset', 0, () => this.#other.hearsEnd('connection reset'));
    this.connection.world.ended(this.connection);
  }
}
