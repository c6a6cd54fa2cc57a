import { Command, CommanderError } from '@commander-js/extra-typings';
import type { Cli } from './cli.ts';
import type { CommandEntry } from './table/command-entry.ts';
import { groups } from './table/command-groups.ts';
import { commandTable } from './table/command-table.ts';
import { locate } from './table/locate.ts';
import { commandPermission } from '../model/command-permissions.ts';
import { WatchError } from '../model/errors.ts';
import { version } from '../model/version.ts';

/** Options that take a word and may stand before the command, so that the command's words can be told from theirs. */
const valued = new Set([
  '--server',
  '--identity',
  '--token-file',
  '--authority',
  '--context',
  '--timeout',
  '--color',
]);

const about = `An operations manager that is always on watch.

Start with \`watchkeeper pool create --help\`. Exit codes: 0 done, 1 error, 2 usage, 3 not found, 4 denied, 5 no server
reached, 6 conflict, 7 done in part, 124 out of time, 130 interrupted.`;

/** The whole program for one command line: only the command that is asked for is loaded, the others are names. */
export async function buildProgram(
  args: readonly string[],
  cli: Cli,
): Promise<{ program: Command; args: readonly string[] }> {
  const located = locate(args, commandTable.map(wordsOf), valued);
  const wanted = located.path?.join(' ');
  if (wanted !== undefined && commandPermission(wanted) === null)
    throw new WatchError('WK_DENIED', `${wanted} is not in the table of permissions`);
  cli.command = wanted ?? null;
  const program = newProgram(cli);
  for (const entry of commandTable) {
    const command = addCommand(program, entry);
    if (entry.path === wanted) (await entry.load()).define(command, cli);
  }
  return { program, args: located.args };
}

/** The program with every command for people loaded. */
export async function buildWholeProgram(cli: Cli): Promise<Command> {
  const program = newProgram(cli);
  for (const entry of commandTable.filter(({ hidden }) => hidden !== true))
    (await entry.load()).define(addCommand(program, entry), cli);
  return program;
}

function newProgram(cli: Cli): Command {
  const program = new Command('watchkeeper')
    .description(about)
    .exitOverride()
    .helpCommand(false)
    .showHelpAfterError(false)
    .configureHelp({ sortOptions: false, showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => cli.stdout.write(text),
      writeErr: (text) => cli.stderr.write(text),
      getOutHelpWidth: () => cli.stdout.columns ?? 100,
      getErrHelpWidth: () => cli.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(usageErrorText(text)),
    });
  program.version(version, '-V, --version', 'print the version');
  return program;
}

function addCommand(program: Command, entry: CommandEntry): Command {
  const words = wordsOf(entry);
  const [first = '', second] = words;
  const parent = second === undefined ? program : groupOf(program, first);
  return parent
    .command(second ?? first, { hidden: entry.hidden === true })
    .summary(entry.summary)
    .description(`${entry.summary[0]?.toUpperCase()}${entry.summary.slice(1)}.`);
}

function groupOf(program: Command, name: string): Command {
  const known = program.commands.find((command) => command.name() === name);
  // A plain group has no options; what commander types as another command here is one of ours.
  if (known) return known as Command;
  return program
    .command(name)
    .helpCommand(false)
    .description(groups[name] ?? '');
}

function wordsOf(entry: CommandEntry): string[] {
  return entry.path.split(' ');
}

/** Commander's `error: …` and the suggestion that follows on a second line, as one line of ours. */
function usageErrorText(text: string): string {
  const line = text
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ');
  return `watchkeeper: ${line}; see --help\n`;
}

export function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof CommanderError;
}
