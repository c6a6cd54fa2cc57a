import { WatchError } from '../../src/model/errors.ts';
import type { Network } from '../../src/runtime/network.ts';
import type { SimNetwork } from './network.ts';
import type { SimProcess } from './process.ts';

/** The network as one process sees it. HTTP is not simulated: calls find nobody, requests never arrive. */
export function processNetwork(process: SimProcess, network: SimNetwork): Network {
  const unreachable = (url: string): Promise<never> =>
    Promise.reject(new WatchError('WK_UNREACHABLE', `${url}: HTTP is not simulated`));
  return {
    connect: (options) => network.connect(process, options),
    listen: (options) => process.later('listen', 0.1, () => network.listen(process, options)),
    peerIdentity: () => null,
    call: (call) => unreachable(call.url),
    stream: (call) => unreachable(call.url),
    listenLocal: (path, lineBytesMax, onConnection) =>
      process.later('listen local', 0.1, () =>
        network.local.listen(path, { process, lineBytesMax, onConnection }),
      ),
    connectLocal: (path) => network.local.connect(process, path),
  };
}
