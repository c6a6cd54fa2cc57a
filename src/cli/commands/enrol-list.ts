import type { Command } from '@commander-js/extra-typings';
import type { EnrolRequest } from '../../model/trust.ts';
import { listEnrolRequests } from '../../security/approval.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../config-option.ts';
import { printJson, printTable } from '../print.ts';
import { safeText } from '../safe-text.ts';
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
  const requests = await withCoordinator(cli, config, ({ coordination }) => listEnrolRequests(coordination));
  if (json) return printJson(cli, { requests });
  const zone = localZone();
  const columns: Column<EnrolRequest>[] = [
    { title: 'NAME', value: ({ name }) => safeText(name) },
    { title: 'KIND', value: ({ kind }) => kind },
    { title: 'STATE', value: ({ state }) => state },
    { title: 'ASKED', value: ({ askedMs }) => localTimeText(askedMs, zone) },
    { title: 'FROM', value: ({ address }) => safeText(address) },
    { title: 'CORE ID', value: ({ coreId }) => coreId },
    { title: 'KEY (SHA-256)', value: ({ keySha256 }) => keySha256 },
  ];
  printTable(cli, requests, columns, 'nobody waits for approval');
}
