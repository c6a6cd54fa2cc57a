import { codeOf } from '../../model/errors.ts';
import type { Network } from '../../runtime/network.ts';

const host = '127.0.0.1';
const firstPort = 7_300;
const lastPort = 7_990;

/** Neighbouring ports that nobody answers on, from 7300 on: the same each time, so that commands can be repeated. */
export async function findPorts(network: Network, count: number): Promise<number[]> {
  for (let base = firstPort; base <= lastPort; base += 10) {
    const ports = Array.from({ length: count }, (_, index) => base + index);
    const taken = await Promise.all(ports.map((port) => isTaken(network, port)));
    if (!taken.includes(true)) return ports;
  }
  // Every block is taken: let the servers say which port is in their way.
  return Array.from({ length: count }, (_, index) => firstPort + index);
}

async function isTaken(network: Network, port: number): Promise<boolean> {
  try {
    const trust = { authorityFingerprint: '0'.repeat(64) };
    await network.call({ url: `https://${host}:${port}/healthz`, method: 'GET', timeoutMs: 300, trust });
    return true;
  } catch (error) {
    // Refused means free; whatever else went wrong, something was there to answer.
    return codeOf(error) !== 'WK_UNREACHABLE';
  }
}
