import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { allMessages } from '../pool/answers.ts';
import { until } from '../pool/real-pool.ts';
import { root } from '../runner/run-program.ts';
import { agentHost, type NetworkPool } from './network-pool.ts';

const ratePerSecond = 20;

/** Messages through the agent all the time, and afterwards the question whether every one that it accepted is there. */
export class MessageLoad {
  readonly #pool: NetworkPool;
  readonly #record: string;
  readonly #child: ChildProcess;

  constructor(pool: NetworkPool) {
    this.#pool = pool;
    this.#record = path.join(pool.folder, 'sent.record');
    const [file, ...args] = [...pool.lab.through(agentHost), process.execPath, 'test/kill/sender.ts'];
    const options = {
      data: pool.agent?.data ?? '',
      record: this.#record,
      agent: 'node-1',
      rate: `${ratePerSecond}`,
    };
    const named = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    this.#child = spawn(file, [...args, ...named], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** How many the agent accepted, and which of them no server shows. */
  async end(): Promise<{ accepted: number; lost: readonly string[] }> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
    const ids = readFileSync(this.#record, 'utf8')
      .split('\n')
      .flatMap((line) => (line.startsWith('accepted ') ? [line.split(' ')[2] ?? ''] : []));
    const [server] = this.#pool.servers;
    if (server === undefined) throw new Error('the pool has no server');
    let lost: string[] = ids;
    try {
      await until(
        'every message is there',
        async () => {
          const there = new Set((await allMessages(server.api)).map(({ id }) => id));
          lost = ids.filter((id) => !there.has(id));
          return lost.length === 0;
        },
        30_000,
        500,
      );
    } catch {
      // What is still missing after that is lost, and told as such.
    }
    return { accepted: ids.length, lost };
  }
}
