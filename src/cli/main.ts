import { codeOf, errorTable, textOf } from '../model/errors.ts';
import type { Cli } from './cli.ts';
import { interruptedExit, usageExit } from './exit-codes.ts';
import { Interrupted } from './interrupted.ts';
import { buildProgram, isCommanderError } from './program.ts';
import { safeText } from './terminal/safe-text.ts';

/** Runs one command line and gives the exit code. Never rejects: what goes wrong is one line on stderr. */
export async function main(args: readonly string[], cli: Cli): Promise<number> {
  try {
    const { program, args: ordered } = await buildProgram(args, cli);
    await program.parseAsync(ordered, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    return isCommanderError(error) ? usageCode(error) : fail(error, cli);
  }
}

/** Help and version that were asked for are no errors; help that had to be shown is one. */
function usageCode(error: { readonly code: string }): number {
  return error.code === 'commander.helpDisplayed' || error.code === 'commander.version' ? 0 : usageExit;
}

function fail(error: unknown, cli: Cli): number {
  if (error instanceof Interrupted) return interruptedExit.SIGINT;
  const code = codeOf(error);
  if (code === 'WK_INTERNAL' && cli.environment.WK_DEBUG && error instanceof Error)
    cli.stderr.write(`${error.stack}\n`);
  const hint = code === 'WK_INTERNAL' && !cli.environment.WK_DEBUG ? ' (WK_DEBUG=1 shows more)' : '';
  cli.stderr.write(`watchkeeper: ${safeText(textOf(error))}${hint}\n`);
  return errorTable[code].exit;
}
