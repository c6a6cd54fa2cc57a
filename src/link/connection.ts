import { errorTable, isErrorCode, textOf, WatchError, type ErrorCode } from '../model/errors.ts';
import { invariant } from '../model/invariant.ts';
import { linkKindOf, type Identity, type IdentityKind } from '../model/identity.ts';
import type { Clock, Timers } from '../runtime/clock.ts';
import type { Transport } from '../runtime/network.ts';
import { decodeFrame, encodeFrame, headerBytesMax, serverHeaderBytesMax, type Frame } from './frame.ts';
import { Heartbeat, type HeartbeatTimes } from './heartbeat.ts';
import { laneLimits, Lanes, type LaneLimits } from './lanes.ts';
import { protocolMin, type LinkMessage } from './messages.ts';
import { linkRules, whyForbidden, type Phase, type Side } from './rules.ts';

export const closeReasons = [
  'closed by us',
  'refused by us',
  'refused by the peer',
  'the peer fell silent',
  'the peer does not read',
  'the connection ended',
] as const;

/** Why a connection is over, for the log and for whoever decides what to do next. */
export interface LinkClose {
  readonly because: (typeof closeReasons)[number];
  readonly text: string;
  /** Of a refusal, by us or by the peer; the peer may use a code that this version does not know. */
  readonly code: string | null;
  /** False: trying again is pointless until a person has changed something. */
  readonly retry: boolean;
}

export interface LinkConnectionOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly self: IdentityKind;
  readonly side: Side;
  readonly limits?: LaneLimits;
}

type MessageHandler = (message: LinkMessage, body: Uint8Array) => void;

/** Frames kept for an owner who has not set `onMessage` yet; more than came right behind the greeting is a fault. */
const heldItemsMax = 1_024;

/**
 * One connection of the link, from either end. Phases: greeting, open, closed.
 * greeting -> open by `open()`, once hello and welcome were exchanged (accept-link.ts, dial-link.ts).
 * Anything the rules do not allow in that phase, direction and side is answered with `refused` and closes.
 */
export class LinkConnection {
  readonly peer: Identity;
  readonly remoteAddress: string;
  readonly #options: LinkConnectionOptions;
  readonly #transport: Transport;
  readonly #lanes: Lanes;
  readonly #headerBytesMax: number;
  #phase: Phase = 'greeting';
  #protocol = protocolMin;
  #heartbeat: Heartbeat | null = null;
  #handler: MessageHandler | null = null;
  #held: Frame[] = [];
  #ending: LinkClose | null = null;
  #ended = false;
  #onClose: ((close: LinkClose) => void) | null = null;

  constructor(options: LinkConnectionOptions) {
    this.#options = options;
    this.#transport = options.transport;
    this.peer = options.transport.peer;
    this.remoteAddress = options.transport.remoteAddress;
    const isAmongServers = options.self === 'server' && linkKindOf(this.peer) === 'server';
    this.#headerBytesMax = isAmongServers ? serverHeaderBytesMax : headerBytesMax;
    this.#lanes = new Lanes(options.transport, options.limits ?? laneLimits);
    options.transport.onClose((why) => this.#transportClosed(why));
    options.transport.onMessage((bytes) => this.#receive(bytes));
  }

  /** The round trip of the last ping, or null before the first answer and on the side that sends none. */
  get roundTripMs(): number | null {
    return this.#heartbeat?.roundTripMs ?? null;
  }

  /** Why the connection is over or about to be; null while it can be used. */
  get ending(): LinkClose | null {
    return this.#ending;
  }

  /**
   * `full`: the bulk lane has no room and the message was not taken; await `room()`. Urgent messages are never
   * refused for room. Order holds within a lane only.
   */
  send(message: LinkMessage, body?: Uint8Array): 'taken' | 'full' | 'closed' {
    if (this.#ending) return 'closed';
    const forbidden = whyForbidden(message.type, {
      from: this.#options.self,
      to: linkKindOf(this.peer),
      by: this.#options.side,
      phase: this.#phase,
      protocol: this.#protocol,
    });
    invariant(forbidden === null, `we would have sent what is not allowed: ${forbidden}`);
    const frame = encodeFrame(message, body, this.#headerBytesMax);
    if (linkRules[message.type].lane === 'bulk') return this.#lanes.sendBulk(frame) ? 'taken' : 'full';
    if (!this.#lanes.sendUrgent(frame)) this.#drop('the peer does not read');
    return 'taken';
  }

  /** Resolves with true when bulk can be sent again, with false when the connection has closed. */
  room(): Promise<boolean> {
    return this.#lanes.room();
  }

  /** Every message but the greeting and the heartbeat. A WatchError thrown by the handler refuses the peer. */
  onMessage(handler: MessageHandler): void {
    this.#handler = handler;
    const held = this.#held;
    this.#held = [];
    for (const frame of held) this.#deliver(frame);
  }

  /** Called once, also when it was over before the handler was set. */
  onClose(handler: (close: LinkClose) => void): void {
    this.#onClose = handler;
    if (this.#ended && this.#ending) handler(this.#ending);
  }

  /** The protocol that both ends agreed on; the first before that. */
  get protocol(): number {
    return this.#protocol;
  }

  /** The greeting is over: from now on only what the rules allow on an open link of this protocol. */
  open(times: HeartbeatTimes, protocol: number): void {
    this.#phase = 'open';
    this.#protocol = protocol;
    this.#handler = null;
    this.#heartbeat = new Heartbeat({
      clock: this.#options.clock,
      timers: this.#options.timers,
      times,
      ping: this.#options.side === 'dialer' ? (id) => this.send({ type: 'ping', id }) : null,
      onSilent: () => this.#drop('the peer fell silent'),
    });
  }

  /** Tells the peer why, then closes. `retry` false: not until a person has changed something. */
  refuse(code: ErrorCode, text: string, retry: boolean = errorTable[code].retry): void {
    if (this.#ending) return;
    this.#lanes.sendUrgent(encodeFrame({ type: 'refused', code, text: text.slice(0, 1_024), retry }));
    this.#end({ because: 'refused by us', text, code, retry });
    this.#transport.close(text);
  }

  /** What was sent before still arrives, but for bulk that has not left yet. */
  close(text: string): void {
    if (this.#ending) return;
    this.#end({ because: 'closed by us', text, code: null, retry: true });
    this.#transport.close(text);
  }

  #receive(bytes: Uint8Array): void {
    if (this.#ending) return;
    this.#heartbeat?.heard();
    try {
      const frame = decodeFrame(bytes, this.#headerBytesMax);
      this.#check(frame.message);
      this.#take(frame);
    } catch (error) {
      if (!(error instanceof WatchError)) throw error;
      this.refuse(error.code, textOf(error));
    }
  }

  #check(message: LinkMessage): void {
    const { self, side } = this.#options;
    const forbidden = whyForbidden(message.type, {
      from: linkKindOf(this.peer),
      to: self,
      by: side === 'dialer' ? 'acceptor' : 'dialer',
      phase: this.#phase,
      protocol: this.#protocol,
    });
    if (forbidden !== null)
      throw new WatchError('WK_FRAME', `the peer sent what is not allowed: ${forbidden}`);
  }

  #take(frame: Frame): void {
    const { message } = frame;
    if (message.type === 'ping') this.send({ type: 'pong', id: message.id });
    else if (message.type === 'pong') this.#heartbeat?.answered(message.id);
    else if (message.type === 'refused') this.#refusedByPeer(message);
    else this.#deliver(frame);
  }

  #deliver(frame: Frame): void {
    if (this.#handler) return this.#handler(frame.message, frame.body);
    if (this.#held.length >= heldItemsMax)
      throw new WatchError('WK_OVERLOADED', 'too many messages came before anyone listened');
    this.#held.push(frame);
  }

  #refusedByPeer({ code, text, retry }: { code: string; text: string; retry: boolean }): void {
    this.#end({ because: 'refused by the peer', code, text, retry });
    this.#transport.close('refusal received');
  }

  #drop(because: 'the peer fell silent' | 'the peer does not read'): void {
    this.#end({ because, text: because, code: null, retry: true });
    this.#transport.terminate();
  }

  #end(close: LinkClose): void {
    this.#ending ??= close;
    this.#heartbeat?.stop();
    this.#lanes.close();
    this.#held = [];
  }

  #transportClosed(why: string): void {
    this.#end({ because: 'the connection ended', text: why, code: null, retry: true });
    if (this.#ended || !this.#ending) return;
    this.#ended = true;
    this.#onClose?.(this.#ending);
  }
}

/** The refusal of a peer as an error of ours; a code that this version does not know keeps its text. */
export function closeError(close: LinkClose, where: string): WatchError {
  const fallback = close.retry ? 'WK_UNAVAILABLE' : 'WK_DENIED';
  const code = close.code === null ? 'WK_UNREACHABLE' : isErrorCode(close.code) ? close.code : fallback;
  return new WatchError(code, `${where}: ${close.because}: ${close.text}`);
}
