import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { z } from 'zod';
import type { Outcome, Task } from './outcome.ts';

const common = {
  commit: z.string(),
  scenario: z.string(),
  seed: z.int(),
  faultsMs: z.number(),
  cpuMs: z.number(),
};
const recordSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('passed'),
    ...common,
    traceHash: z.string(),
    events: z.int(),
    simulatedMs: z.number(),
    acknowledged: z.int(),
    faults: z.int(),
    fired: z.record(z.string(), z.int()),
  }),
  z.object({ kind: z.literal('failed'), ...common, invariant: z.string(), message: z.string() }),
]);
export type RunRecord = z.infer<typeof recordSchema>;

/** What a run leaves behind, `commit` as git names the code. */
export function recordOf(commit: string, task: Task, { cpuMs, ...outcome }: Outcome): RunRecord {
  const { scenario, seed, faultsMs } = task;
  const all = { commit, scenario, seed, faultsMs, cpuMs: Math.round(cpuMs) };
  if (outcome.kind === 'failed') {
    const { invariant, message } = outcome.failure;
    return { kind: 'failed', ...all, invariant, message };
  }
  const { traceHash, events, simulatedMs, acknowledged, faults, fired } = outcome.result;
  const counts = { traceHash, events, simulatedMs, acknowledged, faults, fired: Object.fromEntries(fired) };
  return { kind: 'passed', ...all, ...counts };
}

/**
 * The runs of a long run, one line of JSON each, written when the run has ended: so it can be stopped at any time, also by
 * a kill, and goes on where it was. Throws when a line other than the last cannot be read.
 */
export class ResultsFile {
  readonly #path: string;
  readonly records: RunRecord[] = [];
  readonly #done = new Set<string>();

  constructor(path: string) {
    this.#path = path;
    if (!existsSync(path)) return;
    const text = readFileSync(path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    // Half a line is what a kill left; its seed runs again.
    if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
    for (const [index, line] of whole.split('\n').slice(0, -1).entries())
      this.#keep(parse(line, `${path}:${index + 1}`));
  }

  has({ scenario, seed, faultsMs }: Task): boolean {
    return this.#done.has(`${scenario} ${seed} ${faultsMs}`);
  }

  add(record: RunRecord): void {
    appendFileSync(this.#path, `${JSON.stringify(record)}\n`);
    this.#keep(record);
  }

  #keep(record: RunRecord): void {
    this.records.push(record);
    this.#done.add(`${record.scenario} ${record.seed} ${record.faultsMs}`);
  }
}

function parse(line: string, where: string): RunRecord {
  try {
    return recordSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new Error(`${where} is no result of a run`, { cause });
  }
}
