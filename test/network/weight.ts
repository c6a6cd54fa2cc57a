import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** `CPUWeight` of the units in deploy/units, of which 100 is everybody's. */
export const cpuWeight = 500;

/** Where a machine keeps its groups of processes: by the old way, the new one, or both. */
const places = [
  { folder: '/sys/fs/cgroup/cpu', file: 'cpu.shares', value: (cpuWeight * 1_024) / 100 },
  { folder: '/sys/fs/cgroup', file: 'cpu.weight', value: cpuWeight },
] as const;

/**
 * The share of the CPU time that the units of the pool's services ask for. Without it servers and etcd would have to wait
 * for whatever looks at them.
 */
export class Weight {
  /** Null where this machine has no groups that we may make. */
  readonly #folder: string | null;

  private constructor(folder: string | null) {
    this.#folder = folder;
  }

  static make(name: string): Weight {
    for (const { folder, file, value } of places) {
      const own = path.join(folder, name);
      try {
        mkdirSync(own);
        if (existsSync(path.join(own, file))) {
          writeFileSync(path.join(own, file), `${value}`);
          return new Weight(own);
        }
        rmdirSync(own);
      } catch {
        // Read-only, or not there: the next one, or none.
      }
    }
    return new Weight(null);
  }

  /** What to put before a program and its arguments to run it with that weight. */
  get through(): string[] {
    if (this.#folder === null) return [];
    return ['sh', '-c', 'echo $$ > "$0/cgroup.procs"; exec "$@"', this.#folder];
  }

  /** Once everything in it has ended. */
  remove(): void {
    if (this.#folder !== null) rmdirSync(this.#folder);
  }
}
