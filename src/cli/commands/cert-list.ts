import { Option, type Command } from '@commander-js/extra-typings';
import { enrolledKinds, type IdentityKind } from '../../model/identity.ts';
import { listIdentities, stateOf, type ListedIdentity } from '../../security/identity-list.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { localTimeText, localZone } from '../terminal/times.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

type Options = { readonly config: string; readonly kind?: IdentityKind; readonly json?: true };

export function define(command: Command, cli: Cli): void {
  command
    .addOption(configOption())
    .addOption(new Option('--kind <KIND>', 'only these').choices(enrolledKinds))
    .option('--json', 'print one JSON document')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, { config, kind, json }: Options): Promise<void> {
  const { nowMs, all } = await withCoordinator(cli, config, async ({ runtime, coordination }) => ({
    nowMs: runtime.clock.wallMs(),
    all: await listIdentities(coordination),
  }));
  const identities = all.filter((one) => kind === undefined || one.kind === kind);
  if (json)
    return printJson(cli, { identities: identities.map((one) => ({ ...one, state: stateOf(one, nowMs) })) });
  const zone = localZone();
  const time = (ms: number | undefined): string => (ms === undefined ? '-' : localTimeText(ms, zone));
  const columns: Column<ListedIdentity>[] = [
    { title: 'KIND', value: (one) => one.kind },
    { title: 'NAME', value: (one) => safeText(one.name) },
    { title: 'STATE', value: (one) => stateOf(one, nowMs) },
    { title: 'ISSUED', value: ({ record }) => time(record?.issuedMs) },
    { title: 'EXPIRES', value: ({ record }) => time(record?.notAfterMs) },
    { title: 'RENEWED', align: 'right', value: ({ record }) => String(record?.renewals ?? '-') },
    { title: 'CORE ID', value: ({ coreId }) => coreId },
  ];
  printTable(cli, identities, columns, 'nobody is enrolled yet');
}
