import { setTimeout as sleep } from 'node:timers/promises';
import { signal } from '../pool/managed-process.ts';
import { childrenOf } from '../pool/process-table.ts';
import { until, type RealPool } from '../pool/real-pool.ts';
import { faultText, planCycle, type Fault, type Target } from './plan-cycle.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface Injection {
  readonly pool: RealPool;
  readonly random: SeededRandom;
  readonly cycles: number;
  /** No further cycle begins after this, by the wall clock. */
  readonly endMs: number;
  onCycle(cycle: number, text: string): void;
}

/** Runs the cycles one after the other and says how many there were. */
export async function injectFaults(injection: Injection): Promise<number> {
  const { pool, random, cycles, endMs } = injection;
  const targets = targetsOf(pool);
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    if (Date.now() > endMs) return cycle - 1;
    const faults = planCycle(random, targets);
    await Promise.all(faults.map((fault) => apply(pool, fault)));
    await sleep(500 + random.int(2_000));
    injection.onCycle(cycle, faults.map(faultText).join(' and '));
  }
  return cycles;
}

function targetsOf(pool: RealPool): Target[] {
  return [
    ...pool.servers.flatMap(({ name }): Target[] => [
      { name, part: 'server process' },
      { name, part: 'keeper' },
    ]),
    ...pool.agents.map(({ name }): Target => ({ name, part: 'agent' })),
  ];
}

async function apply(pool: RealPool, { target, kind, pauseMs }: Fault): Promise<void> {
  let pid: number | null = null;
  // After an earlier fault it may be between its end and its restart.
  await until(`${target.name} runs`, () => (pid = pidOf(pool, target)) !== null, 10_000, 20);
  if (pid === null) return;
  signal(pid, kind);
  if (kind === 'SIGKILL') return;
  await sleep(pauseMs);
  signal(pid, 'SIGCONT');
}

function pidOf(pool: RealPool, { name, part }: Target): number | null {
  const process = [...pool.servers, ...pool.agents].find((each) => each.name === name)?.process;
  const pid = process?.pid ?? null;
  if (pid === null || part !== 'server process') return pid;
  return childrenOf(pid)[0] ?? null;
}
