import type { Timers } from '../runtime/clock.ts';
import type { Commands } from '../runtime/commands.ts';
import type { Log } from '../runtime/log.ts';
import { sleep } from '../runtime/timing.ts';
import { goneByMs } from './address-calls.ts';
import { shutScript } from './gate-script.ts';
import { removeAddress, runGate } from './network-commands.ts';

const againMs = 200;

/** An address that an earlier run of the keeper may have left behind. */
export interface LeftAddress {
  /** `ADDRESS/PREFIX`. */
  readonly address: string;
  readonly device: string;
}

/**
 * Shuts every gate and removes the addresses that an earlier run may have left: the first thing that a starting keeper
 * does, since the others may take its roles as soon as it has a new session. Where nothing can be shut or removed it
 * waits until the kernel has done it.
 */
export async function clearAddresses(
  { commands, timers, log }: { commands: Commands; timers: Timers; log: Log },
  left: readonly LeftAddress[],
  ttlMs: number,
): Promise<void> {
  if (left.length === 0) return;
  const lifetimesMs = goneByMs(Math.ceil(ttlMs / 1_000), 0);
  for (let waitedMs = 0; waitedMs < lifetimesMs; waitedMs += againMs) {
    const why = [...(await shutGates(commands)), ...(await removeAll(commands, left))];
    if (why.length === 0) return;
    log.warn('addresses of an earlier run cannot be cleared yet', { because: why.join('; ') });
    await sleep(timers, againMs);
  }
}

/** Why not, for what could not be shut. A table that was never made has nothing open. */
async function shutGates(commands: Commands): Promise<string[]> {
  const problems: string[] = [];
  for (const family of ['inet', 'arp', 'netdev'] as const) {
    const result = await runGate(commands, shutScript(family));
    if (result.kind === 'done' || result.kind === 'missing') continue;
    if (!/no such file or directory/i.test(result.why)) problems.push(result.why);
  }
  return problems;
}

async function removeAll(commands: Commands, left: readonly LeftAddress[]): Promise<string[]> {
  const problems: string[] = [];
  for (const { address, device } of left) {
    const result = await removeAddress(commands, address, device);
    if (result.kind !== 'done' && result.kind !== 'missing') problems.push(result.why);
  }
  return problems;
}
