import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { signal } from '../pool/managed-process.ts';

const run = promisify(execFile);

export interface Host {
  readonly name: string;
  /** Its network namespace. */
  readonly namespace: string;
  readonly ipv4: string;
  readonly ipv6: string;
  /** Link-layer address of its `eth0`. */
  readonly mac: string;
}

/** The interface of every host, and the network that all of them are on. */
export const device = 'eth0';
const network = { ipv4: '10.77.0', ipv6: 'fd77:' } as const;

/**
 * Hosts in network namespaces on one bridge, which stands in a namespace of its own, so that nothing of this machine's
 * network is touched. All namespaces begin with one prefix and are removed at the end.
 */
export class Lab implements AsyncDisposable {
  readonly #prefix: string;
  readonly #hosts = new Map<string, Host>();

  private constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** `hosts` by name, in the order of their addresses, which begin at .11. */
  static async make(prefix: string, names: readonly string[]): Promise<Lab> {
    const lab = new Lab(prefix);
    try {
      await lab.#ip('netns', 'add', lab.#bridge);
      await lab.inside(lab.#bridge, 'ip', 'link', 'add', 'br0', 'type', 'bridge');
      await lab.inside(lab.#bridge, 'ip', 'link', 'set', 'br0', 'up');
      for (const [index, name] of names.entries()) await lab.#add(name, index + 11);
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The same hosts, for a program that runs inside one of them. */
  static from(prefix: string, hosts: readonly Host[]): Lab {
    const lab = new Lab(prefix);
    for (const host of hosts) lab.#hosts.set(host.name, host);
    return lab;
  }

  get hosts(): Host[] {
    return [...this.#hosts.values()];
  }

  host(name: string): Host {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }

  /** What to put before a program and its arguments to run it on that host. */
  through(name: string): string[] {
    return ['ip', 'netns', 'exec', this.host(name).namespace];
  }

  async on(name: string, ...command: readonly string[]): Promise<string> {
    return this.inside(this.host(name).namespace, ...command);
  }

  async inside(namespace: string, ...command: readonly string[]): Promise<string> {
    const { stdout } = await run('ip', ['netns', 'exec', namespace, ...command]);
    return stdout;
  }

  /** Nothing passes from `from` to `to` any more; the other way is not touched. */
  async cut(from: string, to: string): Promise<void> {
    await this.#nft(
      `add rule bridge cut forward iifname "${portOf(this, from)}" oifname "${portOf(this, to)}" drop`,
    );
  }

  async heal(): Promise<void> {
    await this.#nft('flush chain bridge cut forward');
  }

  async link(name: string, state: 'up' | 'down'): Promise<void> {
    await this.inside(this.#bridge, 'ip', 'link', 'set', portOf(this, name), state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const names = [...this.hosts.map(({ namespace }) => namespace), this.#bridge];
    // One that was never made is no reason to leave the others behind.
    await Promise.allSettled(names.map((name) => this.#remove(name)));
  }

  /** With whatever still runs in it, also when the program that started it was killed. */
  async #remove(namespace: string): Promise<void> {
    for (const pid of await this.pidsIn(namespace)) signal(pid, 'SIGKILL');
    await this.#ip('netns', 'delete', namespace);
  }

  async pidsIn(namespace: string): Promise<number[]> {
    const { stdout } = await run('ip', ['netns', 'pids', namespace]);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map(Number);
  }

  indexOf(name: string): number {
    return this.hosts.findIndex((host) => host.name === name);
  }

  get #bridge(): string {
    return `${this.#prefix}-net`;
  }

  async #add(name: string, index: number): Promise<void> {
    const namespace = `${this.#prefix}-${name}`;
    const port = `port${index - 11}`;
    await this.#ip('netns', 'add', namespace);
    const host = {
      name,
      namespace,
      ipv4: `${network.ipv4}.${index}`,
      ipv6: `${network.ipv6}:${index}`,
      mac: '',
    };
    this.#hosts.set(name, host);
    await this.#ip(
      'link',
      'add',
      device,
      'netns',
      namespace,
      'type',
      'veth',
      'peer',
      'name',
      port,
      'netns',
      this.#bridge,
    );
    await this.inside(this.#bridge, 'ip', 'link', 'set', port, 'master', 'br0', 'up');
    for (const link of ['lo', device]) await this.inside(namespace, 'ip', 'link', 'set', link, 'up');
    await this.inside(namespace, 'ip', 'address', 'add', `${host.ipv4}/24`, 'dev', device);
    await this.inside(namespace, 'ip', 'address', 'add', `${host.ipv6}/64`, 'dev', device, 'nodad');
    const mac = (await this.inside(namespace, 'cat', `/sys/class/net/${device}/address`)).trim();
    this.#hosts.set(name, { ...host, mac });
  }

  /** Made when first needed, so that the lab stands where the kernel cannot filter bridges. */
  async #nft(command: string): Promise<void> {
    const chain = 'add chain bridge cut forward { type filter hook forward priority 0; }';
    await this.inside(this.#bridge, 'nft', `add table bridge cut; ${chain}; ${command}`);
  }

  async #ip(...args: readonly string[]): Promise<void> {
    await run('ip', [...args]);
  }
}

function portOf(lab: Lab, name: string): string {
  return `port${lab.indexOf(name)}`;
}

/** Null when namespaces can be made here, else why not. */
export async function whyNoNamespaces(): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const probe = `wkprobe${process.pid}`;
  try {
    await run('ip', ['netns', 'add', probe]);
    await run('ip', ['netns', 'delete', probe]);
    return null;
  } catch (error) {
    return `network namespaces cannot be made here: ${error instanceof Error ? error.message : String(error)}`;
  }
}
