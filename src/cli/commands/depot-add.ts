import type { Command } from '@commander-js/extra-typings';
import { Option } from '@commander-js/extra-typings';
import { basename } from 'node:path';
import type { ConfigChange } from '../../model/config.ts';
import { nameSchema } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { changeConfig } from '../asking/config.ts';
import { readDepot, readLocalFile, sizeText, uploadFile, type LocalFile } from '../asking/depot.ts';
import { nameOption } from '../options/name-option.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { note, printJson } from '../terminal/print.ts';
import { Progress } from '../terminal/progress.ts';
import { resolvePath } from '../resolve-path.ts';
import { openClient } from '../asking/target.ts';

type Named = LocalFile & { readonly name: string; readonly path: string };

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<FILE...>', 'files of this machine')
    .addOption(new Option('--name <NAME>', 'what to call it; of one file only').argParser(nameOption))
    .addHelpText(
      'before',
      `Examples:
  watchkeeper depot add check_disk
  watchkeeper depot add build/check_disk.sh --name check_disk

Puts files into the depot, on every server, or changes them. A policy runs one as \`command: [depot:check_disk, …]\`; nodes whose
policies name it get it with them, checked by its SHA-256, where their own configuration lets them. Each is at most 32 MiB.
`,
    )
    .action(async (paths, options) => {
      if (options.name !== undefined && paths.length > 1)
        throw new WatchError('WK_BAD_REQUEST', '--name is for one file');
      const client = await openClient(cli, options);
      const { files } = await cli.runtime();
      const named: Named[] = [];
      for (const path of paths.map((one) => resolvePath(cli, one))) {
        const { bytes: _, ...file } = await readLocalFile(files, path);
        named.push({ ...file, path, name: options.name ?? nameOf(path) });
      }
      const added = await add(cli, client, named);
      if (options.json) return printJson(cli, { files: added });
      for (const { name, sizeBytes, servers } of added)
        note(cli, `depot file ${name} is on ${servers.join(', ')} (${sizeText(sizeBytes)})`);
    });
}

async function add(cli: Cli, client: PoolClient, named: readonly Named[]) {
  const { files, clock } = await cli.runtime();
  const there = await readDepot(client);
  const progress = new Progress(cli, clock, (done) => `${done} of ${named.length} files sent`);
  const added: {
    name: string;
    sha256: string;
    sizeBytes: number;
    executable: boolean;
    servers: readonly string[];
  }[] = [];
  for (const { name, path, executable } of named) {
    const { bytes, sha256, sizeBytes } = await readLocalFile(files, path);
    const { servers } = await uploadFile(client, { sha256, bytes });
    added.push({ name, sha256, sizeBytes, executable, servers });
    progress.at(added.length);
  }
  progress.end();
  const changes = added.map(({ name, sha256, sizeBytes, executable }): ConfigChange => ({
    kind: 'depot-file',
    name,
    revision: there.files.find((file) => file.name === name)?.revision ?? 0,
    content: { sha256, sizeBytes, executable },
  }));
  await changeConfig(client, { changes, via: 'depot add' });
  return added;
}

function nameOf(path: string): string {
  const name = nameSchema.safeParse(basename(path));
  if (name.success) return name.data;
  throw new WatchError(
    'WK_BAD_REQUEST',
    `${path}: its name ${name.error.issues[0]?.message}; give another with --name`,
  );
}
