import type { SeededRandom } from './seeded-random.ts';

export interface Target {
  /** `server-1`, `node-2` … */
  readonly name: string;
  readonly part: 'server process' | 'keeper' | 'agent';
}

export interface Fault {
  readonly target: Target;
  readonly kind: 'SIGKILL' | 'SIGSTOP';
  /** How long a stopped process stays so; 0 for a kill. */
  readonly pauseMs: number;
}

/** One cycle: one or two of the targets, each killed, or stopped for 1 to 10 seconds. */
export function planCycle(random: SeededRandom, targets: readonly Target[]): Fault[] {
  const left = [...targets];
  const count = 1 + random.int(2);
  return Array.from({ length: Math.min(count, left.length) }, () => {
    const [target] = left.splice(random.int(left.length), 1);
    if (target === undefined) throw new Error('more faults than targets');
    if (random.int(2) === 0) return { target, kind: 'SIGKILL', pauseMs: 0 };
    return { target, kind: 'SIGSTOP', pauseMs: 1_000 + random.int(9_001) };
  });
}

export function faultText({ target, kind, pauseMs }: Fault): string {
  const pause = kind === 'SIGSTOP' ? ` for ${(pauseMs / 1000).toFixed(1)} s` : '';
  return `${kind}${pause} of ${target.part === 'agent' ? '' : `the ${target.part} of `}${target.name}`;
}
