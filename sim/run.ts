import { parseArgs } from 'node:util';
import { hunt, huntedText } from './mutants/hunt.ts';
import { mutants } from './mutants/mutants.ts';
import { scenarioNamed, type Outcome, type Task } from './running/outcome.ts';
import { commitText, reportFailure, reportSometimes } from './running/report.ts';
import { recordOf, ResultsFile } from './running/results-file.ts';
import { Totals } from './running/totals.ts';
import { serveTasks, startWorkers } from './running/workers.ts';
import { scenarios } from './scenarios/scenarios.ts';

const usage = `npm run simulate -- [--scenario NAME] [--seed S] [--seeds N] [--hours H] [--minutes M] [--jobs J] [--verbose]
  --seed S      the first seed (1); alone: that seed only
  --seeds N     how many seeds
  --hours H     simulated hours to reach instead of a number of seeds
  --dense H     dense hours to reach (5,000 messages and 30 faults in each), and at least --seeds runs
  --twice N     run the first N seeds again and compare the traces
  --minutes M   simulated minutes of faults a seed (2)
  --jobs J      processes that share the seeds (1)
  --scenario    one of: ${scenarios.map(({ name }) => name).join(', ')} (all)
  --results F   append each run's result to this file, and skip what stands there: a long run can be stopped and goes on;
                --seeds 0 only adds up
  --json        print the totals as JSON too, at the end
  --shrink N    runs to spend on a shorter list of faults for a violation (30)
  --verbose     print the whole trace
  --mutants     look for every planted bug instead, for at most --hours (100) each
  --mutant NAME plant that bug; with --mutants, look for that one only`;

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    hours: { type: 'string' },
    dense: { type: 'string' },
    twice: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '2' },
    jobs: { type: 'string', default: '1' },
    results: { type: 'string' },
    json: { type: 'boolean', default: false },
    shrink: { type: 'string', default: '30' },
    verbose: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    worker: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

let isStopped = false;

function enough(totals: Totals, seedsDone: number): boolean {
  if (isStopped) return true;
  if (values.dense !== undefined)
    return totals.denseHours >= Number(values.dense) && seedsDone >= Number(values.seeds ?? '1');
  if (values.hours !== undefined) return totals.all.hours >= Number(values.hours);
  if (values.seeds !== undefined) return seedsDone >= Number(values.seeds);
  return seedsDone >= (values.seed === undefined ? 20 : 1);
}

/** Seed after seed, each in every scenario that is wanted, until it is enough. */
function* tasks(totals: Totals, isDone: (task: Task) => boolean): Generator<Task> {
  const names = values.scenario === undefined ? scenarios.map(({ name }) => name) : [values.scenario];
  const first = Number(values.seed ?? '1');
  const faultsMs = Number(values.minutes) * 60_000;
  const { verbose, mutant = null } = values;
  for (let done = 0; !enough(totals, done); done += 1)
    for (const name of names) {
      const { name: scenario } = scenarioNamed(name);
      const task = { scenario, seed: first + done, faultsMs, verbose, mutant, plan: null };
      if (!isDone(task)) yield task;
    }
}

/** Each task with the hash that its trace must have, if it ran before. */
class Repeats {
  readonly #tasks: Task[] = [];
  readonly #hashes = new Map<string, string>();

  ran(task: Task, traceHash: string): void {
    const known = this.#hashes.get(keyOf(task));
    if (known === undefined) {
      this.#hashes.set(keyOf(task), traceHash);
      if (task.seed < Number(values.seed ?? '1') + Number(values.twice)) this.#tasks.push(task);
    } else if (known !== traceHash)
      throw new Error(`${keyOf(task)} is not the same run twice: ${known}, then ${traceHash}`);
    else console.log(`${keyOf(task)} again: ${traceHash}, the same`);
  }

  /** What is to run again. */
  take(): Task[] {
    return this.#tasks.splice(0);
  }
}

function keyOf({ scenario, seed }: Task): string {
  return `${scenario} ${seed}`;
}

/** Answers how many violations there were, and rare states that should have come up. */
async function simulate(): Promise<number> {
  if (values.results !== undefined && values.mutant !== undefined)
    throw new RangeError('runs with a planted bug do not belong in a file of results');
  const totals = new Totals();
  const results = values.results === undefined ? null : new ResultsFile(values.results);
  for (const record of results?.records ?? []) totals.addRecord(record);
  const commit = commitText();
  const queue = tasks(totals, (task) => results?.has(task) === true);
  const repeats = new Repeats();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      console.log('stops after the seeds that are running');
      isStopped = true;
    });
  const take = async (task: Task, outcome: Outcome): Promise<void> => {
    results?.add(recordOf(commit, task, outcome));
    if (outcome.kind === 'failed') {
      totals.violations += 1;
      return await reportFailure(outcome.failure, Number(values.shrink));
    }
    const { result } = outcome;
    repeats.ran(task, result.traceHash);
    totals.add(result, outcome.cpuMs);
    console.log(`${result.scenario} ${result.seed}: ${result.traceHash}; ${totals.line()}`);
  };
  using workers = startWorkers(Number(values.jobs), import.meta.filename);
  await Promise.all(
    workers.lanes.map(async (run) => {
      for (let next = queue.next(); !next.done; next = queue.next())
        await take(next.value, await run(next.value));
      for (const task of repeats.take()) {
        const outcome = await run(task);
        if (outcome.kind === 'passed') repeats.ran(task, outcome.result.traceHash);
      }
    }),
  );
  console.log(`fired: ${JSON.stringify(Object.fromEntries(totals.all.fired))}`);
  console.log(`${totals.line()}, ${totals.violations} violations`);
  if (values.json) console.log(JSON.stringify(totals.json()));
  return totals.violations + reportSometimes(totals);
}

/** Answers how many planted bugs were not found. */
async function huntAll(): Promise<number> {
  const limits = {
    faultsMs: Number(values.minutes) * 60_000,
    simulatedMsMax: Number(values.hours ?? '100') * 3_600_000,
  };
  const wanted = mutants.filter(({ name }) => values.mutant === undefined || values.mutant === name);
  let missed = 0;
  for (const mutant of wanted) {
    const hunted = await hunt(mutant, limits);
    console.log(huntedText(hunted));
    if (hunted.found === null) missed += 1;
  }
  console.log(`${wanted.length - missed} of ${wanted.length} planted bugs found`);
  return missed;
}

if (values.help) console.log(usage);
else if (values.worker) serveTasks();
else process.exitCode = (await (values.mutants ? huntAll() : simulate())) > 0 ? 1 : 0;
