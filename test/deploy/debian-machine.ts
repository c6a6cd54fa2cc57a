import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { childrenOf } from '../pool/process-table.ts';
import { until } from '../pool/real-pool.ts';
import { isInstalled } from '../runner/needs.ts';

const run = promisify(execFile);
const bootMsMax = 60_000;
const commandMsMax = 120_000;
/** What `debootstrap` calls the release that the guides speak of. */
const release = 'bookworm';

/** Null when machines of Debian can be made and booted here, else why not. */
export function whyNoMachines(): string | null {
  if (process.getuid?.() !== 0) return 'machines of Debian need root';
  const missing = ['debootstrap', 'systemd-nspawn', 'nsenter', 'mount'].filter((name) => !isInstalled(name));
  return missing.length > 0 ? `not installed: ${missing.join(', ')}` : null;
}

/**
 * The smallest Debian with systemd, and these packages, in a new folder. What is done in it before it serves as a base
 * is `chroot` into it, with this machine's network.
 */
export async function makeBase(folder: string, packages: readonly string[]): Promise<void> {
  const names = ['systemd', 'systemd-sysv', 'dbus', ...packages].join(',');
  await run('debootstrap', ['--variant=minbase', `--include=${names}`, release, folder], {
    timeout: 4 * commandMsMax,
    maxBuffer: 64 * 1_024 * 1_024,
  });
}

/**
 * A machine of its own: a Debian whose init is systemd, on a network namespace. Its disk is what it changed of a base
 * that several share. Modes: off, booting, up.
 */
export class DebianMachine implements AsyncDisposable {
  readonly name: string;
  readonly #folder: string;
  readonly #base: string;
  readonly #namespace: string;
  #nspawn: ChildProcess | null = null;

  constructor(name: string, places: { folder: string; base: string; namespace: string }) {
    this.name = name;
    this.#folder = path.join(places.folder, name);
    this.#base = places.base;
    this.#namespace = places.namespace;
  }

  /** Of a machine that is up: its disk, as this machine sees it. */
  get disk(): string {
    return path.join(this.#folder, 'disk');
  }

  get #log(): string {
    return path.join(this.#folder, 'console.log');
  }

  async boot(): Promise<void> {
    if (this.#nspawn === null) await this.#mount();
    const log = openSync(this.#log, 'a');
    const options = ['--boot', '--quiet', '--register=no', '--keep-unit', '--console=pipe'];
    const capabilities = '--capability=CAP_NET_ADMIN,CAP_NET_RAW';
    const place = [`--machine=${this.name}`, `--directory=${this.disk}`];
    const network = `--network-namespace-path=/run/netns/${this.#namespace}`;
    this.#nspawn = spawn('systemd-nspawn', [...options, capabilities, ...place, network], {
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    await this.untilUp();
  }

  /** When systemd has started what is enabled; again after a reboot. Which units failed is not looked at. */
  async untilUp(): Promise<void> {
    const isUp = async (): Promise<boolean> =>
      /^(running|degraded)/.test(await this.#say('systemctl is-system-running || true').catch(() => ''));
    await until(`${this.name} boots (${this.#log})`, isUp, bootMsMax, 200);
  }

  /** Runs a line of shell as its root, and gives what it printed; throws with all of it when it fails. */
  async run(line: string): Promise<string> {
    try {
      return await this.#say(line);
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`on ${this.name}: ${line}\n${stdout}${stderr}`, { cause: error });
    }
  }

  /** Its init, as this machine numbers processes; all of them end with it. */
  get init(): number {
    const [init] = childrenOf(this.#nspawn?.pid ?? 0);
    if (init === undefined) throw new Error(`${this.name} is off`);
    return init;
  }

  /** At once, as a cut of its power does. */
  async cutPower(): Promise<void> {
    process.kill(this.init, 'SIGKILL');
    await this.#off();
  }

  /** As an administrator does it. */
  async reboot(): Promise<void> {
    await this.run('systemctl reboot');
    await this.#off();
    await this.boot();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#nspawn === null) return;
    for (const pid of childrenOf(this.#nspawn.pid ?? 0)) process.kill(pid, 'SIGKILL');
    await this.#off();
    await run('umount', [this.disk]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #off(): Promise<void> {
    const nspawn = this.#nspawn;
    if (nspawn !== null && nspawn.exitCode === null && nspawn.signalCode === null) await once(nspawn, 'exit');
  }

  async #mount(): Promise<void> {
    const [changes, work] = [path.join(this.#folder, 'changes'), path.join(this.#folder, 'work')];
    for (const folder of [changes, work, this.disk]) mkdirSync(folder, { recursive: true });
    const layers = `lowerdir=${this.#base},upperdir=${changes},workdir=${work}`;
    await run('mount', ['-t', 'overlay', 'overlay', '-o', layers, this.disk]);
  }

  async #say(line: string): Promise<string> {
    const spaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--root', '--wd'];
    const environment = {
      PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
      HOME: '/root',
      LANG: 'C.UTF-8',
    };
    const call = ['--target', String(this.init), ...spaces, '--', '/bin/sh', '-c', line];
    const { stdout } = await run('nsenter', call, { env: environment, timeout: commandMsMax });
    return stdout;
  }
}
