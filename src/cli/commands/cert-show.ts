import { Option, type Command } from '@commander-js/extra-typings';
import { enrolledKinds, type IdentityKind } from '../../model/identity.ts';
import { findIdentity, stateOf } from '../../security/identity-list.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { printJson } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { localTimeText, localZone } from '../terminal/times.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

type Options = { readonly config: string; readonly kind?: IdentityKind; readonly json?: true };

export function define(command: Command, cli: Cli): void {
  command
    .argument('<NAME>', 'a name, or a core ID')
    .addOption(configOption())
    .addOption(new Option('--kind <KIND>', 'where several have that name').choices(enrolledKinds))
    .option('--json', 'print one JSON document')
    .action((name, options) => run(cli, name, options));
}

async function run(cli: Cli, name: string, { config, kind, json }: Options): Promise<void> {
  const { nowMs, found } = await withCoordinator(cli, config, async ({ runtime, coordination }) => ({
    nowMs: runtime.clock.wallMs(),
    found: await findIdentity(coordination, name, kind),
  }));
  const state = stateOf(found, nowMs);
  if (json) return printJson(cli, { ...found, state });
  const zone = localZone();
  const { record, revocation } = found;
  const lines: [string, string][] = [
    ['name', safeText(found.name)],
    ['kind', found.kind],
    ['core ID', found.coreId],
    ['state', state],
  ];
  if (record !== null)
    lines.push(
      ['issued', localTimeText(record.issuedMs, zone)],
      ['expires', localTimeText(record.notAfterMs, zone)],
      ['renewals', String(record.renewals)],
      ['serial', record.serial],
      ['key (SHA-256)', record.keySha256],
      ['signed by', record.authority],
    );
  if (revocation !== null)
    lines.push(
      ['revoked', `${localTimeText(revocation.atMs, zone)} by ${safeText(revocation.by)}`],
      ['because', safeText(revocation.because)],
    );
  cli.stdout.write(lines.map(([title, text]) => `${title.padEnd(14)} ${text}\n`).join(''));
}
