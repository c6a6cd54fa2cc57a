import type { Log } from '../runtime/log.ts';
import { invariant } from '../model/invariant.ts';
import type { Network } from '../runtime/network.ts';

/** The network of this machine, loaded when it is first used: a keeper never uses it, and would carry its weight. */
export function lazyNetwork(log: Log): Network {
  let loaded: Network | null = null;
  const load = async (): Promise<Network> =>
    (loaded ??= (await import('../runtime/node/network.ts')).nodeNetwork(log));
  return {
    connect: async (options) => (await load()).connect(options),
    listen: async (options) => (await load()).listen(options),
    peerIdentity: (request, pool) => {
      invariant(loaded !== null, 'a request came in by a listener of this network');
      return loaded.peerIdentity(request, pool);
    },
    call: async (call) => (await load()).call(call),
    stream: async (call) => (await load()).stream(call),
    listenLocal: async (...args) => (await load()).listenLocal(...args),
    connectLocal: async (path) => (await load()).connectLocal(path),
  };
}
