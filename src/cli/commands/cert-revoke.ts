import { Option, type Command } from '@commander-js/extra-typings';
import { WatchError } from '../../model/errors.ts';
import { replaceSessionKeys } from '../../access/session-keys.ts';
import { enrolledKinds, type IdentityKind } from '../../model/identity.ts';
import { findIdentity } from '../../security/identity-list.ts';
import { revoke } from '../../security/revoke.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

type Options = {
  readonly config: string;
  readonly because: string;
  readonly kind?: IdentityKind;
  readonly json?: true;
};

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper cert revoke web01 --because "the machine was stolen" --config m1.yaml

Within seconds every server closes its connections, takes no new ones, and renews it no more. It cannot be undone: who
shall come back joins anew, under another core ID. With a server everybody's sessions end, since it could make some.
`,
    )
    .argument('<NAME>', 'a name, or a core ID')
    .addOption(configOption())
    .requiredOption('--because <TEXT>', 'what happened; shown to whoever it is refused to')
    .addOption(new Option('--kind <KIND>', 'where several have that name').choices(enrolledKinds))
    .option('--json', 'print one JSON document')
    .action((name, options) => run(cli, name, options));
}

async function run(cli: Cli, name: string, { config: path, because, kind, json }: Options): Promise<void> {
  if (because.length > 256)
    throw new WatchError('WK_BAD_REQUEST', '--because: say it in 256 characters at most');
  const revocation = await withCoordinator(cli, path, async ({ runtime, config, coordination, by }) => {
    const identity = await findIdentity(coordination, name, kind);
    if (identity.coreId === config.server.coreId)
      throw new WatchError('WK_CONFLICT', `${name} is this server; do it on another one`);
    const revoked = await revoke(
      { ...runtime, coordination },
      { identity, name: identity.name, by, because },
    );
    if (identity.kind === 'server')
      await replaceSessionKeys({ ...runtime, coordination }, runtime.clock.wallMs());
    return revoked;
  });
  if (json) return printJson(cli, revocation);
  const { kind: revoked } = revocation;
  note(cli, `${revoked} ${revocation.name} is revoked: ${revocation.because}`);
  if (revoked === 'server')
    note(cli, 'it knew what sessions are signed with, so that was exchanged: everybody signs in anew');
}
