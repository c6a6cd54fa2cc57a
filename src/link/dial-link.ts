import { WatchError, type ErrorCode } from '../model/errors.ts';
import type { IdentityKind } from '../model/identity.ts';
import type { ConnectOptions } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { closeError, LinkConnection, type LinkClose } from './connection.ts';
import { heartbeatTimes, type HeartbeatTimes } from './heartbeat.ts';
import type { LaneLimits } from './lanes.ts';
import type { LinkMessageOf } from './messages.ts';
import { protocols } from './protocol.ts';

type Welcome = LinkMessageOf<'welcome'>;

export interface DialOptions {
  readonly connect: ConnectOptions;
  readonly self: IdentityKind;
  readonly hello: Omit<LinkMessageOf<'hello'>, 'type' | 'protocolMin' | 'protocolMax'>;
  /** Used unless the welcome says how often to ping; silence then counts after three pings. */
  readonly heartbeat?: HeartbeatTimes;
  readonly limits?: LaneLimits;
}

/** The server refused us, in its words. `retry` false: not until a person has changed something. */
export class RefusedError extends WatchError {
  readonly retry: boolean;

  constructor(code: ErrorCode, text: string, retry: boolean) {
    super(code, text);
    this.retry = retry;
  }
}

/**
 * Connects, says hello and waits for the welcome, each for at most `connect.timeoutMs`. Throws what the Network port
 * throws, WK_TIMEOUT, or a RefusedError.
 */
export async function dialLink(
  runtime: Pick<Runtime, 'network' | 'clock' | 'timers'>,
  options: DialOptions,
): Promise<{ connection: LinkConnection; welcome: Welcome }> {
  const transport = await runtime.network.connect(options.connect);
  const connection = new LinkConnection({ ...options, ...runtime, transport, side: 'dialer' });
  const welcome = await greet(connection, runtime, options);
  return { connection, welcome };
}

function greet(
  connection: LinkConnection,
  { timers }: Pick<Runtime, 'timers'>,
  { connect, hello, heartbeat }: DialOptions,
): Promise<Welcome> {
  const where = `the server at ${connect.url}`;
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      timer.cancel();
      connect.signal?.removeEventListener('abort', stop);
    };
    const stop = (): void => connection.close('stopped by us');
    const timer = timers.after(connect.timeoutMs, () => {
      reject(
        new WatchError('WK_TIMEOUT', `${where} did not answer the hello within ${connect.timeoutMs} ms`),
      );
      connection.close('no welcome in time');
    });
    connect.signal?.addEventListener('abort', stop);
    connection.onClose((close) => {
      settle();
      reject(refusal(close, where));
    });
    connection.onMessage((message) => {
      if (message.type !== 'welcome') return;
      settle();
      connection.open(timesOf(message, heartbeat), message.protocol);
      resolve(message);
    });
    connection.send({ ...hello, ...protocols, type: 'hello' });
    if (connect.signal?.aborted) stop();
  });
}

function timesOf(welcome: Welcome, ours: HeartbeatTimes = heartbeatTimes): HeartbeatTimes {
  const { pingEveryMs } = welcome;
  return pingEveryMs === undefined ? ours : { pingEveryMs, silentAfterMs: 3 * pingEveryMs };
}

function refusal(close: LinkClose, where: string): WatchError {
  const error = closeError(close, where);
  return close.because === 'refused by the peer'
    ? new RefusedError(error.code, `${where} refused us: ${close.text}`, close.retry)
    : error;
}
