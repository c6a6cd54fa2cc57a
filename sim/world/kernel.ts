import { PacketFilter } from './packet-filter.ts';
import type { SeededRandom } from './random.ts';

/** As late as nftables' timers are at worst, and the timer of an address. */
const elementLateMsMax = 20;
const addressLate = { share: 0.05, plusMs: 1_000 } as const;

export interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * What of a machine's network lives in its kernel: addresses with their lifetimes, and the packet filter. It goes on while
 * processes are frozen or dead, and is empty after a loss of power. `nft`, `ip` and `arping` speak to it.
 */
export class Kernel {
  static readonly device = 'eth0';
  /** After each change, at its time. */
  onChange: () => void = () => undefined;
  readonly #nowMs: () => number;
  readonly #random: SeededRandom;
  readonly #filter: PacketFilter;
  /** By address: until when the kernel keeps it. */
  readonly #addresses = new Map<string, number>();

  constructor(nowMs: () => number, random: SeededRandom) {
    this.#nowMs = nowMs;
    this.#random = random;
    this.#filter = new PacketFilter(() => random.unit() * elementLateMsMax);
  }

  has(address: string): boolean {
    return (this.#addresses.get(address) ?? -Infinity) > this.#nowMs();
  }

  /** Whether anybody outside would find the address here, by ARP or by a packet to it. */
  answers(address: string): boolean {
    return this.has(address) && !this.#isShut(address);
  }

  #isShut(address: string): boolean {
    const passes = (family: 'inet' | 'arp' | 'netdev'): boolean =>
      this.#filter.passes(family, address, this.#nowMs());
    return !passes('inet') && !(passes('arp') && passes('netdev'));
  }

  /** Somebody puts it there for good, behind a gate that is shut; false where it is not. */
  strand(address: string): boolean {
    if (!this.#isShut(address)) return false;
    this.#addresses.set(address, Infinity);
    return true;
  }

  losePower(): void {
    this.#addresses.clear();
    this.#filter.clear();
  }

  /** Null for a program that is not installed. */
  run(file: string, args: readonly string[], input: string): Said | null {
    const said = this.#run(file, args, input);
    if (said?.exitCode === 0) this.onChange();
    return said;
  }

  #run(file: string, args: readonly string[], input: string): Said | null {
    if (file === 'nft') return this.#nft(args[0] === '--echo' ? input : (args[0] ?? ''));
    if (file === 'arping') return done(`Sent 1 probes\n`);
    if (file !== 'ip') return null;
    if (args[0] === '-json') return done(this.#show());
    return this.#ip(args[0] === '-batch' ? input.trim().split(' ') : args);
  }

  #nft(script: string): Said {
    const problem = this.#filter.transact(script, this.#nowMs());
    return problem === null ? done('# new generation 1\n') : failed(1, problem);
  }

  #ip([object, verb, prefixed = '', , device, , lifetimeS]: readonly string[]): Said {
    if (object === 'link') return done('');
    if (device !== Kernel.device) return failed(1, `Cannot find device "${device}"`);
    const address = prefixed.replace(/\/\d+$/, '');
    if (verb === 'delete') {
      const was = this.has(address);
      this.#addresses.delete(address);
      return was ? done('') : failed(2, 'RTNETLINK answers: Cannot assign requested address');
    }
    const lastsMs = Number(lifetimeS) * 1_000;
    const lateMs = this.#random.unit() * (addressLate.plusMs + addressLate.share * lastsMs);
    this.#addresses.set(address, this.#nowMs() + lastsMs + lateMs);
    return done('');
  }

  #show(): string {
    const local = [...this.#addresses.keys()].filter((address) => this.has(address));
    const info = local.map((address) => ({ local: address, prefixlen: 32 }));
    return JSON.stringify([{ ifname: Kernel.device, addr_info: info }]);
  }
}

function done(stdout: string): Said {
  return { exitCode: 0, stdout, stderr: '' };
}

function failed(exitCode: number, stderr: string): Said {
  return { exitCode, stdout: '', stderr };
}
