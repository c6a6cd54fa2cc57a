import { root, runProgram } from './run-program.ts';
import { runNodeTests } from './run-node-tests.ts';
import { tidyAll } from '../tidy/tidy-all.ts';
import { readRepository } from '../tidy/repository.ts';
import { add, none, type Counts, type Stage, type StageOptions } from './stage.ts';

/** Every stage of `npm test`, in the order in which it is cheapest to learn that something is wrong. */
export const stages: readonly Stage[] = [
  {
    name: 'check',
    about: 'types, lint, format',
    run: async (options) => {
      let counts = none;
      for (const [name, ...args] of [
        ['typecheck', 'tsc', '--noEmit'],
        ['typecheck of the console', 'tsc', '--noEmit', '-p', 'console'],
        ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
        ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
      ])
        counts = add(counts, await program(name ?? '', args, 180_000, options));
      return counts;
    },
  },
  {
    name: 'tidy',
    about: 'the repository keeps its own rules',
    run: (options) => {
      let counts = none;
      for (const { rule, findings } of tidyAll(readRepository(root))) {
        for (const finding of findings) options.say(`FAILED: ${rule}: ${finding}`);
        counts = add(counts, { ...none, [findings.length === 0 ? 'passed' : 'failed']: 1 });
      }
      return Promise.resolve(counts);
    },
  },
  {
    name: 'unit',
    about: 'unit, property and contract tests, the simulator with its fixed seeds',
    run: (options) =>
      runNodeTests(
        {
          patterns: [
            'src/**/*.test.ts',
            'console/src/**/*.test.ts',
            'sim/**/*.test.ts',
            'test/{tidy,runner,kill,pool,docs,permissions,scenarios,network}/**/*.test.ts',
            'bench/*.test.ts',
          ],
          timeoutMs: 600_000,
          concurrency: 2,
          environment: quickEnvironment(options),
        },
        options,
      ),
  },
  {
    name: 'fuzz',
    about: '100,000 faulty inputs for every parser: no crash, and none takes 50 ms',
    slow: true,
    run: (options) => script('fuzz', ['test/fuzz/run.ts'], 300_000, options),
  },
  {
    name: 'processes',
    about: 'the CLI and real pools, in processes of their own',
    run: (options) =>
      runNodeTests(
        {
          patterns: ['test/process/*.test.ts'],
          timeoutMs: options.quick ? 90_000 : 420_000,
          concurrency: 2,
          environment: quickEnvironment(options),
        },
        options,
      ),
  },
  {
    name: 'browser',
    about: 'the console in a real browser, on a real pool',
    run: async (options) => {
      const built = await script(
        'build of the console',
        ['console/build.ts', '--if-needed'],
        120_000,
        options,
      );
      return add(
        built,
        await runNodeTests(
          {
            patterns: ['test/browser/*.test.ts'],
            timeoutMs: 600_000,
            concurrency: 2,
            environment: quickEnvironment(options),
          },
          options,
        ),
      );
    },
  },
  {
    name: 'etcd',
    about: 'the coordinator of many machines: real etcd, its faults, and a pool on it',
    run: (options) =>
      runNodeTests(
        {
          patterns: [options.quick ? 'test/etcd/{contract,tls}.test.ts' : 'test/etcd/*.test.ts'],
          timeoutMs: options.quick ? 90_000 : 600_000,
          concurrency: 2,
        },
        options,
      ),
  },
  {
    name: 'deploy',
    about:
      'the archive is made, installed, and run: as a service would be, and on machines of Debian with systemd',
    slow: true,
    run: (options) =>
      runNodeTests({ patterns: ['test/deploy/*.test.ts'], timeoutMs: 600_000, concurrency: 2 }, options),
  },
  {
    name: 'simulator',
    about: 'dense simulated hours of whole pools under faults; five seeds run twice',
    slow: true,
    run: async (options) => {
      const dense = await script('dense hours', [...simulator, ...denseHours], 900_000, options);
      return add(dense, await script('five seeds twice', [...simulator, ...fiveTwice], 300_000, options));
    },
  },
  {
    name: 'kill',
    about: 'three servers and three agents under SIGKILL and SIGSTOP; the judge compares',
    slow: true,
    run: (options) => script('kill test', ['test/kill/run.ts', '--cycles', '20'], 240_000, options),
  },
  {
    name: 'failover',
    about: 'how fast and how safely the acting role and the virtual interface move',
    slow: true,
    run: (options) =>
      runNodeTests({ patterns: ['test/failover/*.test.ts'], timeoutMs: 420_000, concurrency: 1 }, options),
  },
  {
    name: 'network',
    about: 'real addresses that move between hosts, in network namespaces; needs root',
    slow: true,
    run: (options) => script('network test', ['test/network/run.ts', '--short'], 300_000, options),
  },
  {
    name: 'bench',
    about: 'the benchmarks run (quick sizes; no figure is judged)',
    slow: true,
    run: (options) => script('bench --quick', ['bench/run.ts', '--quick'], 240_000, options),
  },
];

/** With room for what the runs throw away, which comes fast. */
const simulator = ['--max-semi-space-size=64', 'sim/run.ts'];
/** 40 seeds of half an hour are 20 hours; a seed that is not dense is made up for by one more. */
const denseHours = '--scenario whole --seed 1001 --seeds 40 --dense 20 --minutes 30 --jobs 2'.split(' ');
/** In every scenario. */
const fiveTwice = '--seed 1 --seeds 5 --twice 5 --minutes 1 --jobs 2'.split(' ');

/** Tests that can do with less look at this: fewer seeds, shorter runs. */
function quickEnvironment({ quick }: StageOptions): Record<string, string> {
  return quick ? { WK_TEST_QUICK: '1' } : {};
}

function script(
  name: string,
  args: readonly string[],
  timeoutMs: number,
  options: StageOptions,
): Promise<Counts> {
  return program(name, [process.execPath, ...args], timeoutMs, options);
}

/** One program that passes with exit code 0; what it prints is progress, or the reason of its failure. */
async function program(
  name: string,
  [file = '', ...args]: readonly string[],
  timeoutMs: number,
  options: StageOptions,
): Promise<Counts> {
  const exitCode = await runProgram({ file, args, timeoutMs, onLine: (line) => options.say(line) });
  if (exitCode === 0) return { ...none, passed: 1 };
  options.say(`FAILED: ${name} (${exitCode === null ? 'ended by a signal' : `exit code ${exitCode}`})`);
  return { ...none, failed: 1 };
}
