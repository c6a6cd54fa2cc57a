import type { Command } from '@commander-js/extra-typings';
import { listOtherPools } from '../../definitions/other-pools.ts';
import type { OtherPool } from '../../model/other-pools.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

const columns: readonly Column<OtherPool>[] = [
  { title: 'POOL', value: ({ name }) => safeText(name) },
  {
    title: 'SERVERS',
    value: ({ servers }) => safeText(servers.map(({ name, url }) => `${name} (${url})`).join(', ')) || '–',
  },
  { title: 'ACCEPTS', value: ({ accept }) => safeText(accept.join(', ')) || 'nothing' },
  { title: 'BY', value: ({ by }) => safeText(by) },
];

export function define(command: Command, cli: Cli): void {
  command
    .addOption(configOption())
    .option('--json', 'print one JSON document')
    .action(async ({ config, json }) => {
      const pools = await withCoordinator(cli, config, ({ coordination }) => listOtherPools(coordination));
      if (json) return printJson(cli, { pools });
      printTable(cli, pools, columns, 'no other pool is known; see `watchkeeper other-pool set`');
    });
}
