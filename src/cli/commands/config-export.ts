import type { Command } from '@commander-js/extra-typings';
import { definitionKinds } from '../../model/config.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { writeConfigFolder } from '../files/config-files.ts';
import { noteLeftOut, readConfig } from '../asking/config.ts';
import { downloadFile } from '../asking/depot.ts';
import { note, printJson } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<DIR>', 'the folder; made if it is not there')
    .option('--prune', 'remove files of definitions that the pool has not (any more)')
    .addHelpText(
      'before',
      `Examples:
  watchkeeper config export ./pool && git -C pool diff

Writes one YAML file a definition: policies, groups, nodes, users, user roles, roles and settings; and the files of the depot as
they are. Never a secret. A file that says the same already stays as it is, with its comments.
`,
    )
    .action(async (folder, options) => {
      const { files } = await cli.runtime();
      const client = await openClient(cli, options);
      const { definitions, leftOut } = await readConfig(client);
      const kinds = definitionKinds.filter((kind) => !leftOut.includes(kind));
      const path = resolvePath(cli, folder);
      const prune = options.prune ?? false;
      const exported = await writeConfigFolder(files, path, definitions, {
        kinds,
        prune,
        bytesOf: (sha256) => downloadFile(client, sha256),
      });
      noteLeftOut(cli, leftOut);
      if (options.json) return printJson(cli, { folder: path, kinds, ...exported, pruned: prune });
      const { written, unchanged, stale } = exported;
      note(cli, `${path}: ${written} files written, ${unchanged} unchanged`);
      for (const file of stale)
        note(
          cli,
          prune ? `${file}: removed` : `${file}: the pool has no such definition; --prune removes it`,
        );
    });
}
