import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../runner/run-program.ts';
import { childrenOf, processFacts } from './process-table.ts';

/** The program under test: these sources, or what `WK_TEST_PROGRAM` names, as packed: `…/lib/program/watchkeeper.js`. */
export const program = process.env['WK_TEST_PROGRAM'] ?? path.join(root, 'bin/watchkeeper.js');

/**
 * One `watchkeeper … run`, restarted whenever it ends, as systemd would. Its output goes to a file. `stop` ends it
 * for good.
 */
export class ManagedProcess {
  readonly name: string;
  readonly logPath: string;
  readonly #args: readonly string[];
  readonly #restart: boolean;
  /** A program and its arguments that start ours, like `ip netns exec NAME`. */
  readonly #through: readonly string[];
  #child: ChildProcess | null = null;
  #stopped = false;
  restarts = 0;

  constructor(
    name: string,
    args: readonly string[],
    logPath: string,
    restart = true,
    through: readonly string[] = [],
  ) {
    this.name = name;
    this.#args = args;
    this.logPath = logPath;
    this.#restart = restart;
    this.#through = through;
  }

  start(): void {
    this.#stopped = false;
    const log = openSync(this.logPath, 'a', 0o600);
    const [file = '', ...args] = [...this.#through, process.execPath, program, ...this.#args];
    const child = spawn(file, args, {
      cwd: root,
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    child.once('exit', () => {
      if (this.#stopped || !this.#restart) return;
      this.restarts += 1;
      setTimeout(() => {
        if (!this.#stopped) this.start();
      }, 200);
    });
  }

  /** Null between an end and the restart. */
  get pid(): number | null {
    const { pid, exitCode, signalCode } = this.#child ?? {};
    return pid === undefined || exitCode !== null || signalCode !== null ? null : pid;
  }

  /** The process and those that it started. */
  get pids(): number[] {
    return this.pid === null ? [] : [this.pid, ...childrenOf(this.pid)];
  }

  async stop(graceMs = 5_000): Promise<void> {
    this.#stopped = true;
    const pids = this.pids;
    for (const pid of pids) signal(pid, 'SIGCONT');
    if (this.pid !== null) signal(this.pid, 'SIGTERM');
    const until = Date.now() + graceMs;
    while (pids.some((pid) => isAlive(pid)) && Date.now() < until) await sleep(50);
    for (const pid of pids.filter(isAlive)) signal(pid, 'SIGKILL');
  }
}

export type Signal = 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM';

/** False when the process is gone already, which is what a rival may do to a frozen one. */
export function signal(pid: number, name: Signal): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

export function isAlive(pid: number): boolean {
  const facts = processFacts(pid);
  return facts !== null && facts.state !== 'Z';
}
