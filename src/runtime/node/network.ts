import type { Log } from '../log.ts';
import type { Network } from '../network.ts';
import { connect } from './network/connect.ts';
import { call, stream } from './network/http-call.ts';
import { listen, listenLimits, type ListenLimits } from './network/listen.ts';
import { connectLocal, listenLocal } from './network/local.ts';
import { peerIdentity } from './network/peer-identity.ts';

/** The network of this machine. `log` hears of connections that were refused. */
export function nodeNetwork(log: Log, limits: Partial<ListenLimits> = {}): Network {
  return {
    connect,
    listen: (options) => listen(options, log, { ...listenLimits, ...limits }),
    peerIdentity,
    call,
    stream,
    listenLocal,
    connectLocal,
  };
}
