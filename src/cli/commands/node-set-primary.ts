import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { WatchError } from '../../model/errors.ts';
import { deploymentSchema, primaryAnswerSchema, type NodePolicies } from '../../model/policy-api.ts';
import { sleep } from '../../runtime/timing.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { durationOption } from '../options/duration-option.ts';
import { partialExit } from '../exit-codes.ts';
import { collectName, nameOption } from '../options/name-option.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import {
  chosenNodes,
  parsePercentages,
  phaseEnds,
  progressOf,
  type Progress,
} from '../asking/primary-phases.ts';
import { note, printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';

type Options = ClientOptions &
  PrintOptions & {
    readonly node?: string[];
    readonly group?: string[];
    readonly all?: true;
    readonly clear?: true;
    readonly phases: readonly number[];
    readonly wait: number;
  };

const lookEveryMs = 500;
const nodesAtOnce = 1_000;

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('[MANAGER]', 'a server or virtual interface of the pool', nameOption)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper node set-primary m2 --node db7
  watchkeeper node set-primary front --all --phases 5%,25%,100% --wait 2m
  watchkeeper node set-primary --clear --group web

Nodes talk to their primary manager first, and to the others while it is away. A node follows at once when it is connected,
else when it returns. It refuses whoever its policies do not name among the secondary managers. A rule of a policy that sends a message
elsewhere is stronger. With phases each waits for the one before, and a refusal ends them; the same command goes on.

Exits with 7 when a node did not follow.
`,
    )
    .addOption(new Option('--node <PATTERN>', 'nodes by name; * is any text').argParser(collectPattern))
    .addOption(new Option('--group <GROUP>', 'the nodes of a group').argParser(collectName))
    .option('--all', 'every node')
    .option('--clear', 'no primary manager of their own: whoever the pool lists first')
    .addOption(
      new Option('--phases <PERCENTAGES>', 'after so many of the nodes wait before the next')
        .argParser(percentages)
        .default([100], '100%'),
    )
    .addOption(
      new Option('--wait <DURATION>', 'so long for the nodes of a phase')
        .argParser(durationOption)
        .default(30_000, '30s'),
    )
    .action((manager, options) => run(cli, manager, options));
}

function collectPattern(text: string, before: string[] | undefined): string[] {
  if (text === '' || text.length > 256) throw new InvalidArgumentError('It must be 1 to 256 characters.');
  return [...(before ?? []), text];
}

function percentages(text: string): readonly number[] {
  const parsed = parsePercentages(text);
  if (parsed === null) throw new InvalidArgumentError('It must be percentages that grow, like 5%,25%,100%.');
  return parsed;
}

async function run(cli: Cli, manager: string | undefined, options: Options): Promise<void> {
  if ((manager === undefined) !== (options.clear === true))
    throw new WatchError('WK_BAD_REQUEST', 'give a manager, or --clear');
  const wanted = manager ?? null;
  const client = await openClient(cli, options);
  const { node: patterns = [], group: groups = [], all = false } = options;
  const nodes = chosenNodes(await deployment(client), { patterns, groups, all });
  if (nodes.length === 0)
    throw new WatchError('WK_NOT_FOUND', 'no node is meant; give --node, --group or --all');
  const ends = phaseEnds(options.phases, nodes.length);
  let progress: Progress = { followed: [], refused: [], silent: nodes };
  for (const [at, end] of ends.entries()) {
    const turn = nodes.slice(0, end);
    await ask(client, wanted, nodes.slice(ends[at - 1] ?? 0, end));
    progress = await follow(cli, client, {
      names: new Set(turn.map(({ name }) => name)),
      wanted,
      waitMs: options.wait,
    });
    if (!options.json) note(cli, `phase ${at + 1} of ${ends.length}: ${countsOf(progress, turn.length)}`);
    if (progress.refused.length > 0 && at + 1 < ends.length) {
      if (!options.json) note(cli, 'the phases that follow are left out, since nodes refused');
      break;
    }
  }
  report(cli, progress, options);
}

async function deployment(client: PoolClient): Promise<NodePolicies[]> {
  return (await client.ask({ path: '/api/v1/deployment' }, deploymentSchema)).nodes;
}

async function ask(
  client: PoolClient,
  manager: string | null,
  nodes: readonly NodePolicies[],
): Promise<void> {
  const names = nodes.filter(({ primary }) => primary !== manager).map(({ name }) => name);
  for (let at = 0; at < names.length; at += nodesAtOnce) {
    const body = { manager, nodes: names.slice(at, at + nodesAtOnce) };
    await client.ask({ method: 'POST', path: '/api/v1/primary-managers', body }, primaryAnswerSchema);
  }
}

async function follow(
  cli: Cli,
  client: PoolClient,
  { names, wanted, waitMs }: { names: ReadonlySet<string>; wanted: string | null; waitMs: number },
): Promise<Progress> {
  const { clock, timers } = await cli.runtime();
  const untilMs = clock.monotonicMs() + waitMs;
  for (;;) {
    const nodes = (await deployment(client)).filter(({ name }) => names.has(name));
    const progress = progressOf(nodes, wanted);
    if (progress.silent.length === 0 || clock.monotonicMs() >= untilMs) return progress;
    await sleep(timers, lookEveryMs);
  }
}

function countsOf({ followed, refused, silent }: Progress, nodes: number): string {
  return `${followed.length} of ${nodes} nodes followed, ${refused.length} refused, ${silent.length} have not answered`;
}

const columns: readonly Column<NodePolicies>[] = [
  { title: 'NODE', value: ({ name }) => safeText(name) },
  { title: 'STATE', value: ({ state }) => (state === 'refused' ? 'refused' : 'no answer') },
  {
    title: 'WHY',
    value: ({ state, running }) =>
      state === 'refused'
        ? safeText(running?.refused?.text ?? '')
        : 'its agent is not connected; it follows when it returns',
  },
];

function report(cli: Cli, { followed, refused, silent }: Progress, options: Options): void {
  const behind = [...refused, ...silent];
  if (behind.length > 0) cli.exitCode = partialExit;
  const names = (nodes: readonly NodePolicies[]): string[] => nodes.map(({ name }) => name);
  if (options.json)
    printJson(cli, { followed: names(followed), refused: names(refused), silent: names(silent) });
  else if (behind.length > 0) printTable(cli, behind, columns, '');
}
