import type { Command } from '@commander-js/extra-typings';
import { removeDefinition } from '../asking/definition.ts';
import { openClient } from '../asking/target.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the variable; what each policy declares counts from then on', nameOption)
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      await removeDefinition(client, { kind: 'status-variable', name }, 'status-variable remove');
      if (options.json) printJson(cli, { removed: name });
      else note(cli, `condition status variable ${name} is what policies declare again`);
    });
}
