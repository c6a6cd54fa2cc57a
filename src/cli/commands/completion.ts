import { Argument, type Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { completionsOf, shells } from '../table/completions.ts';
import { buildWholeProgram } from '../program.ts';

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper completion bash > /etc/bash_completion.d/watchkeeper
  source <(watchkeeper completion zsh)
`,
    )
    .addArgument(new Argument('<SHELL>', 'your shell').choices(shells))
    .action(async (shell) => completionsOf(await buildWholeProgram(cli)).script(shell));
}
