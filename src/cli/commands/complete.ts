import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { completionsOf } from '../table/completions.ts';
import { buildWholeProgram } from '../program.ts';

export function define(command: Command, cli: Cli): void {
  command
    .argument('[WORDS...]')
    .action(async (words) => completionsOf(await buildWholeProgram(cli)).answer(words));
}
