import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../pool/real-pool.ts';
import { childrenOf } from '../pool/process-table.ts';
import { signal } from '../pool/managed-process.ts';
import { inTurn, silenceMs, twoHosts } from './judge-answers.ts';
import { device, type Lab } from './lab.ts';
import { idleShare, resultOf, type CaseResult, type Run } from './measure.ts';
import { monotonicMs } from './monotonic.ts';
import { Watch } from './watch.ts';

const address = '10.77.0.60';
const port = 7_200;
const longMs = { full: 10_000, short: 5_000 } as const;

interface Beside {
  readonly name: string;
  readonly inject: (peer: Keepalived, lab: Lab, short: boolean) => Promise<void>;
}

const cases: readonly Beside[] = [
  { name: 'planned (SIGTERM)', inject: async (peer) => peer.end('SIGTERM') },
  { name: 'keepalived SIGKILL', inject: async (peer) => peer.kill() },
  {
    name: 'keepalived SIGSTOP',
    inject: async (peer, _lab, short) => {
      for (const pid of peer.pids) signal(pid, 'SIGSTOP');
      await sleep(short ? longMs.short : longMs.full);
      for (const pid of peer.pids) signal(pid, 'SIGCONT');
    },
  },
  {
    name: 'host loss (link down)',
    inject: async (peer, lab, short) => {
      await lab.link(peer.host, 'down');
      await sleep(short ? longMs.short : longMs.full);
      await lab.link(peer.host, 'up');
    },
  },
];

/** keepalived at its defaults on two hosts, each with something that answers, under the faults that it knows too. */
export async function besideKeepalived(
  lab: Lab,
  options: {
    hosts: readonly [string, string];
    watchers: readonly [string, string];
    folder: string;
    runs: number;
    short: boolean;
  },
): Promise<CaseResult[]> {
  const { hosts, watchers, folder, runs, short } = options;
  const results: CaseResult[] = [];
  for (const each of cases) {
    const done: Run[] = [];
    for (let run = 0; run < runs; run += 1) {
      const peers = hosts.map((host, index) => new Keepalived(lab, host, 150 - 50 * index, folder));
      const [master] = peers;
      if (master === undefined) throw new Error('two hosts are needed');
      const pairs = hosts.map((host, index) => ({ host: lab.host(host), from: watchers[index] ?? '' }));
      const watch = await Watch.start({ lab, address, port, client: 'client', observer: 'control', pairs });
      try {
        await until(
          'the master answers',
          () => inTurn(watch.hosts).at(-1) === master.host && watch.answersMs.length > 50,
          20_000,
        );
        await sleep(2_000);
        watch.clear();
        const idle = idleShare();
        const fromMs = monotonicMs();
        await each.inject(master, lab, short);
        await sleep(5_000);
        const untilMs = monotonicMs();
        const doubles = twoHosts(watch.hosts);
        const silence = silenceMs(watch.answersMs, fromMs - 50, untilMs);
        const samples = watch.hosts.length;
        const neighbourSamples = watch.hosts.filter(({ by }) => by !== 'tcp').length;
        done.push({
          silenceMs: silence,
          moved: true,
          doubles,
          samples,
          neighbourSamples,
          problem: null,
          idle: idle(),
        });
      } finally {
        await watch[Symbol.asyncDispose]();
        for (const peer of peers) await peer.stop();
      }
    }
    // It is measured, not judged.
    const result = resultOf({ name: `keepalived: ${each.name}`, moves: null, silenceMsMax: null }, [done]);
    results.push({ ...result, faults: [], measured: true });
  }
  return results;
}

class Keepalived {
  readonly host: string;
  readonly #lab: Lab;
  readonly #child: ChildProcess;
  readonly #answerer: ChildProcess;

  constructor(lab: Lab, host: string, priority: number, folder: string) {
    this.#lab = lab;
    this.host = host;
    const file = path.join(folder, `${host}.conf`);
    writeFileSync(file, configuration(priority));
    const answer = `require('node:net').createServer((s) => s.on('data', () => s.write('!')).on('error', () => {})).listen(${port}, '0.0.0.0')`;
    this.#answerer = this.#run([process.execPath, '-e', answer]);
    this.#child = this.#run([
      'keepalived',
      '--dont-fork',
      '--log-console',
      '-f',
      file,
      '-p',
      `${file}.pid`,
      '-r',
      `${file}.vrrp`,
    ]);
  }

  /** The parent and the process that speaks VRRP. */
  get pids(): number[] {
    const pid = this.#child.pid ?? 0;
    return [pid, ...childrenOf(pid)];
  }

  async end(name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill(name);
    await once(this.#child, 'exit');
  }

  kill(): Promise<void> {
    for (const pid of this.pids.toReversed()) signal(pid, 'SIGKILL');
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    for (const pid of this.pids) signal(pid, 'SIGCONT');
    await this.end('SIGTERM');
    this.#answerer.kill('SIGKILL');
    await this.#lab.on(this.host, 'ip', 'address', 'flush', 'to', `${address}/32`, 'dev', device);
  }

  #run(command: readonly string[]): ChildProcess {
    const [file = '', ...args] = [...this.#lab.through(this.host), ...command];
    return spawn(file, args, { stdio: 'ignore' });
  }
}

function configuration(priority: number): string {
  return `vrrp_instance V {
  state BACKUP
  interface ${device}
  virtual_router_id 51
  priority ${priority}
  virtual_ipaddress {
    ${address}/32
  }
}
`;
}
