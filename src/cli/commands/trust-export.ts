import type { Command } from '@commander-js/extra-typings';
import { exportTrust } from '../../security/trust.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper trust export --config m1.yaml > north.trust

It holds certificates only, no key; still it must reach the other pool unchanged.
`,
    )
    .addOption(configOption())
    .action(async ({ config }) => {
      const text = await withCoordinator(cli, config, ({ coordination }) => exportTrust(coordination));
      cli.stdout.write(text);
    });
}
