import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { fileNamed, readDepot, sizeText } from '../asking/depot.ts';
import { nameOption } from '../options/name-option.ts';
import { printJson } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from '../asking/target.ts';
import { localTimeText, localZone } from '../terminal/times.ts';

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
