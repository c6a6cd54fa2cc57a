import type { Command } from '@commander-js/extra-typings';
import { importTrust, parseTrust } from '../../security/trust.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../config-option.ts';
import { note } from '../print.ts';
import { resolvePath } from '../resolve-path.ts';
import { withCoordinator } from '../with-coordinator.ts';

const bytesMax = 262_144;

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper trust import south.trust --config m1.yaml

Adds to what is believed for that pool; nothing is taken away. Every server hears of it by itself. An authority of another pool never speaks for identities of this one.
`,
    )
    .argument('<FILE>', 'as `trust export` of the other pool wrote it')
    .addOption(configOption())
    .action((file, { config }) => run(cli, file, config));
}

async function run(cli: Cli, file: string, configPath: string): Promise<void> {
  const name = await withCoordinator(cli, configPath, async ({ runtime, config, coordination }) => {
    const text = await runtime.files.readText(resolvePath(cli, file), bytesMax);
    await importTrust({ ...runtime, coordination }, text, 'merge', `command line on ${config.server.name}`);
    return parseTrust(text).name;
  });
  note(cli, `the authorities of the pool ${name} are kept, for identities of that pool alone`);
}
