import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { changeConfig } from '../asking/config.ts';
import { fileNamed, readDepot } from '../asking/depot.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the file', nameOption)
    .addHelpText(
      'before',
      `Refused while a policy names it. Servers keep the bytes for a week, so that \`config rollback\` brings it back.
`,
    )
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      const { revision } = fileNamed(await readDepot(client), name);
      const change = { kind: 'depot-file', name, revision, content: null } as const;
      await changeConfig(client, { changes: [change], via: 'depot remove' });
      if (options.json) printJson(cli, { removed: name });
      else note(cli, `depot file ${name} is removed`);
    });
}
