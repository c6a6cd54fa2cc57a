import type { Command } from '@commander-js/extra-typings';
import { removedSchema } from '../../model/policy-api.ts';
import { toolPath } from '../asking/actions.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the tool', nameOption)
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      const question = { method: 'DELETE', path: toolPath(name), once: true } as const;
      const removed = await client.ask(question, removedSchema);
      if (options.json) printJson(cli, removed);
      else note(cli, `tool ${name} is removed`);
    });
}
