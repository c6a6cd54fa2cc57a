import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { setOtherPool } from '../../definitions/other-pools.ts';
import { managerSystemSchema, type ManagerSystem } from '../../model/policy.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { nameOption } from '../options/name-option.ts';
import { note } from '../terminal/print.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

interface Options {
  readonly config: string;
  readonly server?: ManagerSystem[];
  readonly accept?: string[];
  readonly acceptNone?: true;
}

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper other-pool set desk --server dba.example.net=https://dba.example.net:7070 --config m1.yaml
  watchkeeper other-pool set home --accept 'db*' --config desk1.yaml

The first on the pool whose policies send messages to the pool desk, the second on that pool, which takes them from nodes of the
pool home. Each side imports the other's authorities first (trust import). What is given takes the place of what was there.
`,
    )
    .argument('<NAME>', 'the other pool, as `trust list` calls it', nameOption)
    .addOption(
      new Option(
        '--server <NAME=URL>',
        'a server or virtual interface of it, as rules name it, and where agents reach it; the preferred first',
      ).argParser(collectServer),
    )
    .addOption(
      new Option('--accept <PATTERN>', 'its nodes that may send messages here; * is any text').argParser(
        collectPattern,
      ),
    )
    .addOption(new Option('--accept-none', 'no node of it may').conflicts('accept'))
    .addOption(configOption())
    .action((name, options) => run(cli, name, options));
}

function collectServer(text: string, before: ManagerSystem[] | undefined): ManagerSystem[] {
  const [, name, url] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const parsed = managerSystemSchema.safeParse({ name, url });
  if (!parsed.success) throw new InvalidArgumentError('It must be NAME=https://HOST:PORT.');
  return [...(before ?? []), parsed.data];
}

function collectPattern(text: string, before: string[] | undefined): string[] {
  if (text === '' || text.length > 256) throw new InvalidArgumentError('It must be 1 to 256 characters.');
  return [...(before ?? []), text];
}

async function run(cli: Cli, name: string, options: Options): Promise<void> {
  const { server, accept = options.acceptNone ? [] : undefined } = options;
  const pool = await withCoordinator(cli, options.config, ({ runtime, coordination, by }) =>
    setOtherPool(coordination, name, {
      ...(server ? { servers: server } : {}),
      ...(accept ? { accept } : {}),
      changedMs: runtime.clock.wallMs(),
      by,
    }),
  );
  const taken =
    pool.accept.length === 0 ? 'no messages are taken from it' : 'messages are taken from its nodes';
  note(cli, `the pool ${name} has ${pool.servers.length} servers that rules may name; ${taken}`);
}
