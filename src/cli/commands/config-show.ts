import type { Command } from '@commander-js/extra-typings';
import { placeText } from '../../model/config.ts';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { documentOf } from '../files/config-files.ts';
import { placeOption, readDefinition, revisionOption } from '../asking/config.ts';
import { note, printJson } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from '../asking/target.ts';
import { localTimeText, localZone } from '../terminal/times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<KIND/NAME>', 'the definition', placeOption)
    .option('--revision <REVISION>', 'as it was at that revision; as it is by default', revisionOption)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper config show policy/disk
  watchkeeper config show policy/disk --revision 812 > disk.yaml
`,
    )
    .action(async (place, options) => {
      const client = await openClient(cli, options);
      const shown = await readDefinition(client, place, options.revision);
      if (options.json) return printJson(cli, shown);
      if (shown.content === null)
        throw new WatchError(
          'WK_NOT_FOUND',
          `${placeText(place)} was removed at revision ${shown.revision} by ${safeText(shown.by)}`,
        );
      if (shown.atMs !== null)
        note(
          cli,
          `${placeText(place)}, changed ${localTimeText(shown.atMs, localZone())} by ${safeText(shown.by) || 'somebody'} (${safeText(shown.via)})`,
        );
      cli.stdout.write(documentOf(shown.content));
    });
}
