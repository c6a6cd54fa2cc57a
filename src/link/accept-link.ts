import { errorTable, WatchError, type ErrorCode } from '../model/errors.ts';
import type { Identity } from '../model/identity.ts';
import type { Clock, Timers } from '../runtime/clock.ts';
import type { Transport } from '../runtime/network.ts';
import { LinkConnection, type LinkClose } from './connection.ts';
import { heartbeatTimes, type HeartbeatTimes } from './heartbeat.ts';
import type { LaneLimits } from './lanes.ts';
import type { LinkMessage, LinkMessageOf } from './messages.ts';
import { chooseProtocol, protocols } from './protocol.ts';

type Hello = LinkMessageOf<'hello'>;

export type Greeting =
  | { readonly welcome: Omit<LinkMessageOf<'welcome'>, 'type' | 'protocol'> }
  | { readonly refuse: { readonly code: ErrorCode; readonly text: string; readonly retry?: boolean } };

export interface AcceptOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly timers: Timers;
  /** How long the peer may take to say hello. */
  readonly timeoutMs: number;
  readonly heartbeat?: HeartbeatTimes;
  readonly limits?: LaneLimits;
  /** Decides about a peer whose certificate and protocol are in order. A WatchError thrown is a refusal. */
  decide(hello: Hello, peer: Identity): Greeting | Promise<Greeting>;
}

export type Accepted =
  | {
      readonly accepted: true;
      readonly connection: LinkConnection;
      readonly hello: Hello;
      readonly protocol: number;
    }
  | { readonly accepted: false; readonly close: LinkClose };

/** Waits for exactly one hello on a transport that was just handed out, and welcomes or refuses the peer. */
export async function acceptLink(options: AcceptOptions): Promise<Accepted> {
  const connection = new LinkConnection({ ...options, self: 'server', side: 'acceptor' });
  const greeting = await firstHello(connection, options);
  if ('because' in greeting) return { accepted: false, close: greeting };
  const protocol = chooseProtocol(protocols, greeting);
  if (protocol === null) return refused(connection, 'WK_PROTOCOL', protocolText(greeting));
  // A second hello, or anything else before our answer, ends it.
  connection.onMessage((message) => impatient(connection, message));
  const verdict = await verdictOf(options, greeting, connection.peer);
  if ('refuse' in verdict)
    return refused(connection, verdict.refuse.code, verdict.refuse.text, verdict.refuse.retry);
  connection.send({ ...verdict.welcome, type: 'welcome', protocol });
  if (connection.ending) return { accepted: false, close: connection.ending };
  connection.open(options.heartbeat ?? heartbeatTimes, protocol);
  return { accepted: true, connection, hello: greeting, protocol };
}

async function verdictOf(options: AcceptOptions, hello: Hello, peer: Identity): Promise<Greeting> {
  try {
    return await options.decide(hello, peer);
  } catch (error) {
    if (error instanceof WatchError) return { refuse: { code: error.code, text: error.message } };
    throw error;
  }
}

function firstHello(
  connection: LinkConnection,
  { timers, timeoutMs }: AcceptOptions,
): Promise<Hello | LinkClose> {
  return new Promise((resolve) => {
    const timer = timers.after(timeoutMs, () =>
      connection.refuse('WK_TIMEOUT', `no hello came within ${timeoutMs} ms`),
    );
    const settle = (result: Hello | LinkClose): void => {
      timer.cancel();
      resolve(result);
    };
    connection.onClose(settle);
    connection.onMessage((message) => {
      if (message.type !== 'hello') return;
      connection.onMessage((next) => impatient(connection, next));
      settle(message);
    });
  });
}

function impatient(connection: LinkConnection, message: LinkMessage): void {
  connection.refuse('WK_FRAME', `the peer sent what is not allowed: ${message.type} came before the welcome`);
}

function refused(connection: LinkConnection, code: ErrorCode, text: string, retry?: boolean): Accepted {
  connection.refuse(code, text, retry);
  const close: LinkClose = { because: 'refused by us', text, code, retry: retry ?? errorTable[code].retry };
  return { accepted: false, close: connection.ending ?? close };
}

function protocolText(hello: Hello): string {
  return (
    `the peer (version ${hello.version}) speaks link protocols ${hello.protocolMin} to ${hello.protocolMax}, ` +
    `this server ${protocols.protocolMin} to ${protocols.protocolMax}; upgrade the older one`
  );
}
