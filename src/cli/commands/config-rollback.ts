import type { Command } from '@commander-js/extra-typings';
import { placeText } from '../../model/config.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { changeConfig, placeOption, readDefinition, revisionOption } from '../asking/config.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<KIND/NAME>', 'the definition', placeOption)
    .requiredOption('--revision <REVISION>', 'as it was then', revisionOption)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper config rollback policy/disk --revision 812

Makes a definition as it was at a revision that \`config history\` shows, also one that was removed since. That is a change like
any other, and can be taken back the same way.
`,
    )
    .action(async (place, options) => {
      const client = await openClient(cli, options);
      const then = await readDefinition(client, place, options.revision);
      const change = { ...place, revision: then.now, content: then.content };
      const revision = await changeConfig(client, { changes: [change], via: 'config rollback' });
      if (options.json) return printJson(cli, { ...place, of: options.revision, revision });
      const how = then.content === null ? 'is removed again' : 'is as it was';
      note(cli, `${placeText(place)} ${how} at revision ${options.revision}`);
    });
}
