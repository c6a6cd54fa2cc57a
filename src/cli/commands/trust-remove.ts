import type { Command } from '@commander-js/extra-typings';
import { fingerprintOf } from '../../security/certificate-info.ts';
import { removeTrust } from '../../security/trust.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { note } from '../terminal/print.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Whose certificate it signed counts nowhere from then on. Servers and agents that are connected hear of it by themselves, and the
members of the pool's own etcd start anew, one after the other.
`,
    )
    .argument('<AUTHORITY>', 'the beginning of its fingerprint, as `trust list` prints it')
    .addOption(configOption())
    .option('--force', 'also while certificates are signed by it')
    .action((authority, options) => run(cli, authority, options));
}

async function run(
  cli: Cli,
  authority: string,
  { config: path, force }: { readonly config: string; readonly force?: true },
): Promise<void> {
  const removed = await withCoordinator(cli, path, ({ coordination }) =>
    removeTrust(coordination, authority, force === true),
  );
  note(cli, `the authority ${fingerprintOf(removed.certificatePem).slice(0, 16)} is not believed any more`);
}
