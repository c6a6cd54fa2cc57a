import type { Command } from '@commander-js/extra-typings';
import { WatchError } from '../../model/errors.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import { checkPrivate } from '../../security/private-files.ts';
import { serverConfigSchema } from '../../server/config.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { privatePlace } from '../machine/private-place.ts';
import { resolvePath } from '../resolve-path.ts';

export function define(command: Command, cli: Cli): void {
  command.addOption(configOption()).action(({ config }) => run(cli, config));
}

async function run(cli: Cli, configPath: string): Promise<void> {
  const { startServer } = await import('../../server/start-server.ts');
  const path = resolvePath(cli, configPath);
  const config = await readYamlFile((await cli.runtime()).files, path, serverConfigSchema);
  const runtime = await cli.runtime(config.logLevel);
  // The keeper has said already what might be better.
  await checkPrivate(runtime.files, privatePlace(path, config));
  const { parent } = runtime.commands;
  if (parent === null)
    throw new WatchError(
      'WK_BAD_REQUEST',
      'the server process is started by its keeper; use `watchkeeper server run`',
    );
  // Signals are for the keeper, which tells us in its own time; those of a terminal reach this process too.
  cli.stopSignal();
  const log = runtime.log.with({ process: 'server', server: config.server.name });
  const server = await startServer({
    runtime: { ...runtime, log },
    config,
    version: cli.version,
    parent,
    consoleFolder: `${cli.folder}/console/dist`,
  });
  log.info('the server process ends', { because: await server.stopped });
  await server.close();
}
