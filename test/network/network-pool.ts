import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { connectMember } from '../../src/coordination/etcd/member.ts';
import { poolStatus, nodesOf } from '../pool/answers.ts';
import { ApiClient } from '../pool/api-client.ts';
import { ManagedProcess, program } from '../pool/managed-process.ts';
import { until, type RealAgent } from '../pool/real-pool.ts';
import { root } from '../runner/run-program.ts';
import { Disk } from './disk.ts';
import { device, type Host, type Lab } from './lab.ts';
import { Weight } from './weight.ts';

const run = promisify(execFile);

export const port = 7_100;
export const agentHost = 'agents';
/** The virtual interfaces of the pool; nobody has these addresses by himself. */
export const addresses = { main: '10.77.0.50', second: '10.77.0.51', six: 'fd77::50' } as const;

/** How the servers of a pool differ from what is usual. */
export interface Variant {
  /** What stands after `lease:` in their configuration. */
  readonly lease?: string;
  readonly ttlMs: number;
  /** A program and its arguments that start `server run` on a host. */
  readonly through?: (folder: string) => readonly string[];
  /** The user that they run as, who then owns their folders. */
  readonly uid?: number;
  /** Each server's data is on a disk of its own, which can be made to hang. */
  readonly disks?: boolean;
}

export const usual: Variant = { ttlMs: 3_000 };

export interface LabServer {
  readonly host: Host;
  readonly config: string;
  readonly process: ManagedProcess;
  readonly api: ApiClient;
}

/** A pool in the lab, made with the command line as a person would: etcd, servers, one agent, virtual interfaces. */
export class NetworkPool implements AsyncDisposable {
  readonly lab: Lab;
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'watchkeeper-network-'));
  readonly servers: LabServer[] = [];
  readonly etcds = new Map<string, ChildProcess>();
  readonly disks = new Map<string, Disk>();
  readonly variant: Variant;
  readonly #weight: Weight;
  agent: RealAgent | null = null;
  virtual: ApiClient | null = null;
  #restored = 0;

  private constructor(lab: Lab, variant: Variant) {
    this.lab = lab;
    this.variant = variant;
    this.#weight = Weight.make(path.basename(this.folder));
  }

  static async start(
    lab: Lab,
    names: { servers: readonly string[]; etcds: readonly string[] },
    variant: Variant = usual,
  ): Promise<NetworkPool> {
    const pool = new NetworkPool(lab, variant);
    try {
      chmodSync(pool.folder, 0o711);
      for (const name of names.etcds) pool.runEtcd(name, names.etcds);
      await pool.#etcdReady();
      const places = names.etcds.map((name) => `${lab.host(name).ipv4}:2379`).join(',');
      for (const name of names.servers) await pool.#addServer(name, `etcd://${places}/watchkeeper/network`);
      await pool.#addInterfaces();
      await pool.settled();
      await pool.#addAgent();
      return pool;
    } catch (error) {
      await pool[Symbol.asyncDispose]();
      throw error;
    }
  }

  get identityPath(): string {
    return path.join(this.folder, 'admin.pem');
  }

  get identityPem(): string {
    return readFileSync(this.identityPath, 'utf8');
  }

  server(name: string): LabServer {
    const found = this.servers.find(({ host }) => host.name === name);
    if (found === undefined) throw new Error(`there is no server ${name}`);
    return found;
  }

  /** What a person would type on that host. */
  async cli(host: string, ...args: readonly string[]): Promise<string> {
    const [file = '', ...rest] = [...this.lab.through(host), process.execPath, program, ...args];
    const { stdout } = await run(file, rest, {
      cwd: root,
      env: { ...process.env, XDG_CONFIG_HOME: this.folder },
    });
    return stdout.trim();
  }

  /** The folder of a member of etcd; another one after it was restored. */
  etcdFolder(name: string): string {
    return path.join(this.folder, this.#restored === 0 ? name : `${name}-restored-${this.#restored}`);
  }

  async stopEtcd(name: string): Promise<void> {
    const child = this.etcds.get(name);
    if (child !== undefined) await endOf(child);
  }

  /** All members stop, are made anew from a snapshot of one of them, and run again. */
  async restoreEtcd(snapshot: string): Promise<void> {
    const all = [...this.etcds.keys()];
    for (const name of all) await this.stopEtcd(name);
    this.#restored += 1;
    const peer = (of: string): string => `http://${this.lab.host(of).ipv4}:2380`;
    for (const name of all)
      await run(
        'etcdctl',
        [
          'snapshot',
          'restore',
          snapshot,
          `--name=${name}`,
          `--data-dir=${this.etcdFolder(name)}`,
          `--initial-cluster=${all.map((each) => `${each}=${peer(each)}`).join(',')}`,
          `--initial-advertise-peer-urls=${peer(name)}`,
          `--initial-cluster-token=restored-${this.#restored}`,
        ],
        { env: { ...process.env, ETCDCTL_API: '3' } },
      );
    for (const name of all) this.runEtcd(name, all);
    await this.#etcdReady();
  }

  async saveEtcd(snapshot: string): Promise<void> {
    const [name = ''] = this.etcds.keys();
    const endpoint = `--endpoints=http://${this.lab.host(name).ipv4}:2379`;
    const env = { ...process.env, ETCDCTL_API: '3' };
    await run('etcdctl', [endpoint, 'snapshot', 'save', snapshot], { env });
  }

  runEtcd(name: string, all: readonly string[]): void {
    const peer = (of: string): string => `http://${this.lab.host(of).ipv4}:2380`;
    const client = `http://${this.lab.host(name).ipv4}:2379`;
    const [file, ...args] = [
      ...this.#weight.through,
      ...this.lab.through(name),
      'etcd',
      `--name=${name}`,
      `--data-dir=${this.etcdFolder(name)}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer(name)}`,
      `--initial-advertise-peer-urls=${peer(name)}`,
      `--initial-cluster=${all.map((each) => `${each}=${peer(each)}`).join(',')}`,
    ];
    this.etcds.set(name, spawn(file, args, { stdio: 'ignore' }));
  }

  /** Who holds a role, as a server says that others can ask. */
  async holderOf(role: string): Promise<{ name: string; epoch: number } | null> {
    for (const { api } of this.servers) {
      try {
        const found = (await poolStatus(api, 1_000)).roles.find((each) => each.role === role);
        if (found?.holderName) return { name: found.holderName, epoch: found.epoch };
      } catch {
        // This one is down or frozen; another one knows.
      }
    }
    return null;
  }

  /** All servers live and are well, all roles are held, and every server says the same. */
  async settled(): Promise<void> {
    await until(
      'the pool has settled',
      async () => {
        const views = await Promise.all(this.servers.map(({ api }) => poolStatus(api, 2_000)));
        const roles = views.map(({ roles }) =>
          JSON.stringify(roles.map(({ role, holder }) => [role, holder])),
        );
        return (
          new Set(roles).size === 1 &&
          views.every(
            ({ members, roles }) =>
              members.length === this.servers.length &&
              members.every(({ state, healthy }) => state !== 'offline' && healthy) &&
              roles.every(({ holder }) => holder !== null),
          )
        );
      },
      60_000,
      200,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { api } of this.servers) api.close();
    this.virtual?.close();
    const processes = this.servers.map(({ process }) => process);
    if (this.agent !== null) processes.push(this.agent.process);
    await Promise.all(processes.map((each) => each.stop()));
    for (const name of this.etcds.keys()) await this.stopEtcd(name);
    for (const disk of this.disks.values()) await disk[Symbol.asyncDispose]();
    this.#weight.remove();
    if (process.env['WK_TEST_KEEP'] === undefined) rmSync(this.folder, { recursive: true, force: true });
  }

  /** Every member answers and knows a leader. */
  async #etcdReady(): Promise<void> {
    for (const name of this.etcds.keys()) {
      const member = connectMember(`http://${this.lab.host(name).ipv4}:2379`, undefined);
      try {
        const knowsLeader = async (): Promise<boolean> =>
          (await member.maintenance.status({}, { timeoutMs: 500 })).leader !== 0n;
        await until(`${name} has a leader`, knowsLeader, 30_000);
      } finally {
        member.close();
      }
    }
  }

  async #addServer(name: string, coordination: string): Promise<void> {
    const host = this.lab.host(name);
    const config = path.join(this.folder, `${name}.yaml`);
    if (this.variant.disks) this.disks.set(name, await Disk.make(path.join(this.folder, name)));
    const places = [
      '--listen',
      `${host.ipv4}:${port}`,
      '--config',
      config,
      '--data',
      path.join(this.folder, name),
    ];
    const [first] = this.servers;
    if (first === undefined) {
      const own = ['--identity', this.identityPath, '--coordination', coordination];
      await this.cli(name, 'pool', 'create', '--name', 'network', '--server', name, ...own, ...places);
    } else {
      const token = await this.cli(
        first.host.name,
        'pool',
        'token',
        '--for',
        'server',
        '--name',
        name,
        '--config',
        first.config,
      );
      const server = `https://${first.host.ipv4}:${port}`;
      await this.cli(name, 'server', 'join', '--token', token, '--server', server, '--name', name, ...places);
    }
    await this.#vary(config, path.join(this.folder, name));
    const log = path.join(this.folder, `${name}.log`);
    const through = [
      ...this.#weight.through,
      ...this.lab.through(name),
      ...(this.variant.through?.(this.folder) ?? []),
    ];
    const process = new ManagedProcess(name, ['server', 'run', '--config', config], log, true, through);
    process.start();
    const api = new ApiClient(`https://${host.ipv4}:${port}`, this.identityPem);
    this.servers.push({ host, config, process, api });
    await until(`${name} answers`, async () => (await api.get('/readyz', 1_000)) !== null, 30_000);
  }

  async #vary(config: string, folder: string): Promise<void> {
    const { lease, uid } = this.variant;
    if (lease !== undefined)
      writeFileSync(config, readFileSync(config, 'utf8').replace('profile: default', lease));
    if (uid !== undefined) await run('chown', ['-R', `${uid}`, config, folder]);
  }

  async #addInterfaces(): Promise<void> {
    const [first] = this.servers;
    if (first === undefined) throw new Error('a pool needs a server');
    const on = ['--carrier', 'address', '--interface', device, '--config', first.config];
    for (const [name, address] of Object.entries(addresses))
      await this.cli(first.host.name, 'virtual-interface', 'add', name, '--address', address, ...on);
    this.virtual = new ApiClient(`https://${addresses.main}:${port}`, this.identityPem);
  }

  async #addAgent(): Promise<void> {
    const [first] = this.servers;
    if (first === undefined) throw new Error('a pool needs a server');
    const token = await this.cli(
      first.host.name,
      'pool',
      'token',
      '--for',
      'agent',
      '--name',
      'node-1',
      '--config',
      first.config,
    );
    const urls = [addresses.main, ...this.servers.map(({ host }) => host.ipv4)];
    const config = path.join(this.folder, 'node-1.yaml');
    const data = path.join(this.folder, 'node-1');
    await this.cli(
      agentHost,
      'agent',
      'join',
      '--token',
      token,
      '--name',
      'node-1',
      '--config',
      config,
      '--data',
      data,
      ...urls.flatMap((address) => ['--server', `https://${address}:${port}`]),
    );
    const log = path.join(this.folder, 'node-1.log');
    const process = new ManagedProcess(
      'node-1',
      ['agent', 'run', '--config', config],
      log,
      true,
      this.lab.through(agentHost),
    );
    process.start();
    this.agent = { name: 'node-1', config, data, process };
    await until(
      'the agent is connected',
      async () => (await nodesOf(first.api)).every(({ connectedTo }) => connectedTo !== null),
      20_000,
    );
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
