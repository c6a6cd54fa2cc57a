import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { networkOf } from '../../../model/network-of.ts';
import type { ListenLimits } from './listen.ts';
import { identityOfSocket } from './peer-identity.ts';

/**
 * Open connections of those who showed no certificate of this pool, browsers among them: so many from one address and so
 * many in all, so that whoever only holds connections open leaves room for agents and servers, and for others.
 */
export function boundStrangers(
  server: Server,
  pool: string,
  limits: Pick<ListenLimits, 'strangersMax' | 'strangersPerAddressMax'>,
  refused: (why: string, address: string) => void,
): void {
  const open = new Map<string, number>();
  let total = 0;
  server.on('secureConnection', (socket: TLSSocket) => {
    if ('identity' in identityOfSocket(socket, pool)) return;
    const address = networkOf(socket.remoteAddress ?? 'unknown');
    const here = open.get(address) ?? 0;
    if (total >= limits.strangersMax || here >= limits.strangersPerAddressMax) {
      refused('too many open connections without a certificate of this pool', address);
      socket.destroy();
      return;
    }
    total += 1;
    open.set(address, here + 1);
    socket.once('close', () => {
      total -= 1;
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}
