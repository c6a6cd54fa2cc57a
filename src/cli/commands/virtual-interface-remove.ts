import type { Command } from '@commander-js/extra-typings';
import { keys, virtualInterfacePrefix } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { note } from '../terminal/print.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

export function define(command: Command, cli: Cli): void {
  command
    .argument('<NAME>', 'the virtual interface')
    .addOption(configOption())
    .action(async (name, { config }) => {
      await withCoordinator(cli, config, async ({ coordination }) => {
        const key = keys.role(virtualInterfacePrefix + name);
        const item = await coordination.get(key);
        if (item === null) throw new WatchError('WK_NOT_FOUND', `there is no virtual interface ${name}`);
        const result = await coordination.transact({
          conditions: [{ key, revision: item.revision }],
          writes: [{ key, value: null }],
        });
        if (!result.done) throw new WatchError('WK_CONFLICT');
      });
      note(cli, `virtual interface ${name} is removed; its holder closes it`);
    });
}
