import type { Cli } from './cli.ts';
import { processCli } from './process-cli.ts';
import { main } from './main.ts';

/** The program as a process: `entry` is the file that Node was started with. Ends the process. */
export async function runProgram(entry: string): Promise<void> {
  const cli: Cli = processCli(entry);
  process.exitCode = await main(process.argv.slice(2), cli);
  // Whatever still has a socket open is of no use to a command that is done. Pipes are written synchronously here.
  process.exit();
}
