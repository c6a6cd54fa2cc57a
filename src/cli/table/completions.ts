import tab from '@bomb.sh/tab/commander';
import type { Command } from '@commander-js/extra-typings';
import type { Command as PlainCommand } from 'commander';

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

/** The package answers on standard output by itself. */
export interface Completions {
  /** Prints what a shell runs once, to ask us at each press of Tab. */
  script(shell: Shell): void;
  /** Prints what may follow these words. */
  answer(words: string[]): void;
}

export function completionsOf(program: Command): Completions {
  // Our commands are commander's own; only their types say more.
  const completions = tab(program as unknown as PlainCommand);
  return {
    script: (shell) => completions.setup('watchkeeper', 'watchkeeper', shell),
    answer: (words) => completions.parse(words),
  };
}
