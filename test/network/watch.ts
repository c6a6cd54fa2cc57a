import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { HostAnswer } from './judge-answers.ts';
import { device, type Host, type Lab } from './lab.ts';
import { monotonicMs } from './monotonic.ts';

/** Each asks once a second; together, one after the other, every 20 ms. */
const arpings = 50;

const solicitMs = 20;

export interface WatchOptions {
  readonly lab: Lab;
  /** The virtual address that is looked at. */
  readonly address: string;
  readonly port: number;
  /** Host of the client, and of whoever asks for the link-layer address. */
  readonly client: string;
  readonly observer: string;
  /** For each host that may have the address, the host that knocks at it and no other. */
  readonly pairs: readonly {
    readonly host: Host;
    readonly from: string;
    /** For an IPv6 address: the host that asks it alone by neighbour discovery, which nobody knocks from. */
    readonly solicitFrom?: string;
  }[];
  /** The client asks by HTTPS as this identity; without it by bare TCP. */
  readonly identity?: string;
}

/** Everything that is seen of one virtual address from outside, until disposed. */
export class Watch implements AsyncDisposable {
  readonly answersMs: number[] = [];
  readonly lostMs: number[] = [];
  readonly hosts: HostAnswer[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #options: WatchOptions;
  #stopped = false;

  private constructor(options: WatchOptions) {
    this.#options = options;
  }

  static async start(options: WatchOptions): Promise<Watch> {
    const watch = new Watch(options);
    watch.#client();
    for (const { host, from, solicitFrom } of options.pairs) {
      await watch.#knockAt(host, from);
      if (options.address.includes(':')) watch.#solicit(host, solicitFrom ?? from);
    }
    if (!options.address.includes(':')) watch.#arp();
    return watch;
  }

  /** Forgets what was seen so far. */
  clear(): void {
    for (const list of [this.answersMs, this.lostMs, this.hosts]) list.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }),
    );
  }

  #client(): void {
    const { lab, client, address, port, identity } = this.#options;
    const args = ['--host', address, '--port', `${port}`, ...(identity ? ['--identity', identity] : [])];
    this.#node(lab, client, 'client-probe.ts', args, (line) => {
      const [kind, atMs] = line.split(' ');
      (kind === 'answer' ? this.answersMs : this.lostMs).push(Number(atMs));
    });
  }

  async #knockAt(host: Host, from: string): Promise<void> {
    const { lab, address, port } = this.#options;
    const neighbour = [address, 'lladdr', host.mac, 'dev', device, 'nud', 'permanent'];
    await lab.on(from, 'ip', 'neighbour', 'replace', ...neighbour);
    this.#node(lab, from, 'host-probe.ts', ['--host', address, '--port', `${port}`], (line) => {
      const [, sent, heard] = line.split(' ');
      this.hosts.push({ host: host.name, by: 'tcp', sentMs: Number(sent), heardMs: Number(heard) });
    });
  }

  #arp(): void {
    const { lab, observer, address, pairs } = this.#options;
    const macs = new Map(pairs.map(({ host }) => [host.mac.toLowerCase(), host.name]));
    const heard = (line: string): void => {
      const match = /reply from \S+ \[([0-9A-F:]+)\]\s+([\d.]+)ms/.exec(line);
      if (match === null) return;
      const heardMs = monotonicMs();
      const host = macs.get(match[1]?.toLowerCase() ?? '') ?? `stranger ${match[1]}`;
      // What the pipe adds comes on top of what was measured; the answer itself is not later than this.
      this.hosts.push({ host, by: 'arp', sentMs: heardMs - Number(match[2]) - 5, heardMs });
    };
    for (let index = 0; index < arpings; index += 1)
      setTimeout(() => {
        if (!this.#stopped)
          this.#run(lab, observer, ['stdbuf', '-oL', 'arping', '-b', '-I', device, address], heard);
      }, index * 20);
  }

  /**
   * Neighbour discovery, from a host whose entry of the address is always the one host that is asked. The kernel solicits an
   * entry that begins to be probed, and only an advertisement makes it reachable.
   */
  #solicit(host: Host, from: string): void {
    const { lab, address } = this.#options;
    // An unsolicited advertisement of another host may have put that one into the entry.
    const reachable = new RegExp(`^${address} .*lladdr ${host.mac} .*REACHABLE`, 'i');
    let askedMs = 0;
    this.#run(lab, from, ['ip', 'monitor', 'neigh'], (line) => {
      if (reachable.test(line))
        this.hosts.push({ host: host.name, by: 'ndp', sentMs: askedMs, heardMs: monotonicMs() });
    });
    const [file, ...args] = [...lab.through(from), 'ip', '-batch', '-'];
    const asker = spawn(file, args, { stdio: ['pipe', 'ignore', 'inherit'] });
    this.#children.push(asker);
    const asks = ['stale', 'probe'].map(
      (state) => `neigh replace ${address} lladdr ${host.mac} dev ${device} nud ${state}\n`,
    );
    const timer = setInterval(() => {
      askedMs = monotonicMs();
      asker.stdin.write(asks.join(''));
    }, solicitMs);
    asker.stdin.on('error', () => clearInterval(timer));
    asker.once('exit', () => clearInterval(timer));
  }

  #node(lab: Lab, host: string, file: string, args: readonly string[], onLine: (line: string) => void): void {
    this.#run(lab, host, [process.execPath, path.join(import.meta.dirname, file), ...args], onLine);
  }

  #run(lab: Lab, host: string, command: readonly string[], onLine: (line: string) => void): void {
    const [file = '', ...args] = [...lab.through(host), ...command];
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: child.stdout }).on('line', onLine);
    this.#children.push(child);
  }
}
