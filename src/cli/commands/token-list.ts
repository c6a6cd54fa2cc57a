import type { Command } from '@commander-js/extra-typings';
import { listApiTokens, type ListedApiToken } from '../../security/api-token.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../config-option.ts';
import { printJson, printTable } from '../print.ts';
import type { Column } from '../table.ts';
import { localTimeText, localZone } from '../times.ts';
import { withCoordinator } from '../with-coordinator.ts';

export function define(command: Command, cli: Cli): void {
  command
    .addOption(configOption())
    .option('--json', 'print one JSON document')
    .action((options) => run(cli, options));
}

async function run(
  cli: Cli,
  { config, json }: { readonly config: string; readonly json?: true },
): Promise<void> {
  const tokens = await withCoordinator(cli, config, ({ coordination }) => listApiTokens(coordination));
  if (json) return printJson(cli, { tokens });
  const zone = localZone();
  const columns: Column<ListedApiToken>[] = [
    { title: 'ID', value: ({ id }) => id },
    { title: 'MADE', value: ({ createdMs }) => localTimeText(createdMs, zone) },
    {
      title: 'EXPIRES',
      value: ({ expiresMs }) => (expiresMs === null ? 'never' : localTimeText(expiresMs, zone)),
    },
    { title: 'NAME', value: ({ name }) => name },
  ];
  printTable(cli, tokens, columns, 'there is no API token');
}
