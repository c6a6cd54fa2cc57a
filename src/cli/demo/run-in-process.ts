import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { main } from '../main.ts';

/**
 * Runs another command of this program in this process, as a person would type it, and gives what it printed. What
 * the person's settings say about pools is not for the demo's own, and stays as it is. Errors: WK_INTERNAL with what the command said.
 */
export async function runInProcess(cli: Cli, folder: string, args: readonly string[]): Promise<string> {
  let printed = '';
  let said = '';
  const quiet: Cli = {
    stdout: { write: (text) => void (printed += text), isTerminal: false, columns: null },
    stderr: { write: (text) => void (said += text), isTerminal: false, columns: null },
    environment: { ...withoutOurs(cli.environment), XDG_CONFIG_HOME: folder },
    version: cli.version,
    system: cli.system,
    folder: cli.folder,
    workingDirectory: cli.workingDirectory,
    runtime: () => cli.runtime(),
    readLine: () => Promise.resolve(''),
    readInput: () => Promise.resolve(''),
    readSecret: () => Promise.resolve(''),
    stopSignal: () => cli.stopSignal(),
    command: null,
    exitCode: 0,
  };
  const exitCode = await main(args, quiet);
  if (exitCode === 0) return printed.trim();
  throw new WatchError(
    'WK_INTERNAL',
    `the demo could not do "${args.slice(0, 2).join(' ')}": ${said.trim()}`,
  );
}

function withoutOurs(environment: Cli['environment']): Cli['environment'] {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('WK_')));
}
