import type { Commands } from '../runtime/commands.ts';
import type { Files } from '../runtime/files.ts';
import type { Log } from '../runtime/log.ts';
import type { CallResult, Place } from './address-state.ts';
import { runProgram } from './network-commands.ts';

/** `arping` waits a second for answers after its one packet, which leaves at once. */
const arpingTimeoutMs = 2_500;

interface Ports {
  readonly commands: Commands;
  readonly files: Files;
  readonly log: Log;
}

/** Tells the neighbours who has an address now: `arping` for IPv4 where it works, else the kernel itself. */
export class Announcer {
  readonly #ports: Ports;
  readonly #told = new Set<string>();
  #arping = true;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  async announce(place: Place): Promise<void> {
    if (place.family === 4 && this.#arping) {
      const result = await this.#arp(place);
      if (result.kind === 'done') return;
      // It also says no when the address has just gone; the kernel then has nothing to announce either.
      this.#arping = result.kind !== 'missing';
      if (!this.#arping)
        this.#sayOnce('arping is not here (package iputils-arping); the kernel announces', result);
    }
    await this.#announceByKernel(place);
  }

  async #arp({ address, device }: Place): Promise<CallResult> {
    const args = ['-U', '-c', '1', '-w', '1', '-I', device, address];
    const { result, stdout } = await runProgram(this.#ports.commands, 'arping', args, arpingTimeoutMs);
    // Nobody answers an announcement, which arping calls a failure.
    if (result.kind === 'refused' && /^Sent [1-9]/m.test(stdout)) return { kind: 'done' };
    return result;
  }

  /**
   * Setting the link-layer address to what it is makes the kernel announce every address of the interface, IPv6 by an
   * unsolicited neighbour advertisement and IPv4 by a gratuitous ARP, where these two switches are on.
   */
  async #announceByKernel({ device, family }: Place): Promise<void> {
    const { files, commands } = this.#ports;
    const [key, file] = family === 6 ? ['ipv6', 'ndisc_notify'] : ['ipv4', 'arp_notify'];
    let result: CallResult;
    try {
      await this.#switchOn(key, device, file);
      const linkAddress = (await files.readText(`/sys/class/net/${device}/address`, 4_096)).trim();
      const args = ['link', 'set', 'dev', device, 'address', linkAddress];
      ({ result } = await runProgram(commands, 'ip', args));
    } catch (error) {
      result = { kind: 'refused', why: error instanceof Error ? error.message : String(error) };
    }
    if (result.kind !== 'done')
      this.#sayOnce(`the neighbours on ${device} cannot be told; they find out within a minute`, result);
  }

  /** Where the service may not change the kernel's settings, its unit has done it for all interfaces. */
  async #switchOn(key: string, device: string, file: string): Promise<void> {
    const { files } = this.#ports;
    const path = (which: string): string => `/proc/sys/net/${key}/conf/${which}/${file}`;
    for (const which of ['all', device])
      if ((await files.readText(path(which), 4_096)).trim() === '1') return;
    await files.append(path(device), new TextEncoder().encode('1\n'), { mode: 0o644, sync: false });
  }

  #sayOnce(text: string, result: CallResult): void {
    if (this.#told.has(text) || result.kind === 'done') return;
    this.#told.add(text);
    this.#ports.log.warn(text, { because: result.why });
  }
}
