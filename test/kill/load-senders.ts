import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../runner/run-program.ts';
import type { RealAgent, RealPool } from '../pool/real-pool.ts';

interface Sender {
  readonly agent: RealAgent;
  readonly child: ChildProcess;
  readonly record: string;
  accepted: number;
}

/** One load generator for each agent of a pool, each in a process of its own so that no fault touches it. */
export class LoadSenders {
  readonly #senders: Sender[];

  private constructor(senders: Sender[]) {
    this.#senders = senders;
  }

  static start(pool: RealPool, rate: number): LoadSenders {
    return new LoadSenders(
      pool.agents.map((agent) => {
        const record = path.join(pool.folder, `${agent.name}.record`);
        const args = [
          '--data',
          agent.data,
          '--record',
          record,
          '--rate',
          String(rate),
          '--agent',
          agent.name,
        ];
        const child = spawn(process.execPath, ['test/kill/sender.ts', ...args], {
          cwd: root,
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const sender: Sender = { agent, child, record, accepted: 0 };
        if (child.stdout)
          createInterface({ input: child.stdout }).on('line', (line) => (sender.accepted = Number(line)));
        return sender;
      }),
    );
  }

  /** How many messages were accepted so far. Errors when a sender has ended, since no load proves nothing. */
  get accepted(): number {
    const ended = this.#senders.find(({ child }) => child.exitCode !== null || child.signalCode !== null);
    if (ended) throw new Error(`the sender of ${ended.agent.name} ended early`);
    return this.#senders.reduce((sum, { accepted }) => sum + accepted, 0);
  }

  get records(): { name: string; config: string; record: string }[] {
    return this.#senders.map(({ agent, record }) => ({ name: agent.name, config: agent.config, record }));
  }

  /** Each sender waits for what it has under way, for at most 10 s. */
  async stop(): Promise<void> {
    await Promise.all(
      this.#senders.map(async ({ child }) => {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }),
    );
  }

  kill(): void {
    for (const { child } of this.#senders) child.kill('SIGKILL');
  }
}
