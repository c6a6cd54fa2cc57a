import { Argument, type Command } from '@commander-js/extra-typings';
import { setEnrolment } from '../../security/approval.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { note } from '../terminal/print.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `With required, a token alone lets nobody join: who comes with one waits until a person approves it.
`,
    )
    .addArgument(new Argument('<WHAT>', 'from now on').choices(['required', 'none'] as const))
    .addOption(configOption())
    .action(async (approval, { config }) => {
      await withCoordinator(cli, config, ({ coordination }) => setEnrolment(coordination, { approval }));
      note(cli, approval === 'required' ? 'who joins waits for approval now' : 'a token is enough now');
    });
}
