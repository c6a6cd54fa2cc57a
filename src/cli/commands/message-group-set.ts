import type { Command } from '@commander-js/extra-typings';
import { setInDefinition } from '../asking/definition.ts';
import { openClient } from '../asking/target.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the group, as messages name it; made if it is not there', nameOption)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper message-group set Storage --description 'disks, arrays, backups' --contact 'storage desk, 4711'
  watchkeeper message-group set Storage --contact 'Ann'

Messages may name any group, also one that nobody has defined: none is turned away for it. What is not given stays as it is.
`,
    )
    .option('--description <TEXT>', 'what its messages are about')
    .option('--contact <TEXT>', 'whom to tell')
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      const { description, contact } = options;
      const place = { kind: 'message-group', name } as const;
      const told = { description, contact };
      const { content, revision } = await setInDefinition(client, place, told, 'message-group set');
      if (options.json) return printJson(cli, { name, ...content, revision });
      note(cli, `message group ${name} is defined`);
    });
}
