import type { Command } from '@commander-js/extra-typings';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { downloadFile, fileNamed, readDepot, sizeText } from '../asking/depot.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the file', nameOption)
    .option('--to <FILE>', 'where to write it; under its own name in this folder by default')
    .option('--force', 'also over a file that is there')
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      const { files } = await cli.runtime();
      const { sha256, sizeBytes, executable } = fileNamed(await readDepot(client), name);
      const path = resolvePath(cli, options.to ?? name);
      if (!options.force && (await files.status(path)) !== null)
        throw new WatchError('WK_CONFLICT', `${path}: is there already; --force writes over it`);
      await files.writeAtomic(path, await downloadFile(client, sha256), executable ? 0o755 : 0o644);
      if (options.json) printJson(cli, { name, path, sha256, sizeBytes, executable });
      else note(cli, `${path}: ${sizeText(sizeBytes)}`);
    });
}
