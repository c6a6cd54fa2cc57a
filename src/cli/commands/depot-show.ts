import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../client-options.ts';
import { fileNamed, readDepot, sizeText } from '../depot.ts';
import { nameOption } from '../name-option.ts';
import { printJson } from '../print.ts';
import { safeText } from '../safe-text.ts';
import { openClient } from '../target.ts';
import { localTimeText, localZone } from '../times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the file', nameOption)
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      const depot = await readDepot(client);
      const file = fileNamed(depot, name);
      if (options.json) return printJson(cli, file);
      const { sha256, sizeBytes, executable, changedMs, by, usedBy, servers } = file;
      cli.stdout.write(
        [
          `${safeText(name)}: ${sizeText(sizeBytes)}${executable ? ', a program' : ''}`,
          `  SHA-256   ${sha256}`,
          `  changed   ${localTimeText(changedMs, localZone())} by ${safeText(by)} (config history depot-file/${name})`,
          `  used by   ${safeText(usedBy.join(', ')) || 'nothing'}`,
          `  servers   ${safeText(servers.join(', ')) || 'none'} (${servers.length} of ${depot.servers})`,
          '',
        ].join('\n'),
      );
    });
}
