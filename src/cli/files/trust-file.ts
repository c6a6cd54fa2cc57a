import type { Command } from '@commander-js/extra-typings';
import { importTrust, parseTrust } from '../../security/trust.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { note } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

const bytesMax = 262_144;

/** `trust import` and `trust update`: the same file, added to what is believed or in its place. */
export function defineTrustFile(
  command: Command,
  cli: Cli,
  { as, does }: { readonly as: 'merge' | 'replace'; readonly does: string },
): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper ${as === 'merge' ? 'trust import' : 'trust update'} south.trust --config m1.yaml

${does} Every server hears of it by itself. An authority of another pool never speaks for identities of this one.
`,
    )
    .argument('<FILE>', 'as `trust export` of the other pool wrote it')
    .addOption(configOption())
    .action(async (file, { config }) => {
      const name = await withCoordinator(cli, config, async ({ runtime, coordination, by }) => {
        const text = await runtime.files.readText(resolvePath(cli, file), bytesMax);
        await importTrust({ ...runtime, coordination }, text, as, by);
        return parseTrust(text).name;
      });
      note(cli, `the authorities of the pool ${name} are kept, for identities of that pool alone`);
    });
}
