import type { Command } from '@commander-js/extra-typings';
import { findIdentity } from '../../security/identity-list.ts';
import { removeNode } from '../../security/remove-node.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../config-option.ts';
import { note, printJson } from '../print.ts';
import { withCoordinator } from '../with-coordinator.ts';

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper node remove web01 --config m1.yaml

Its agent is let go and refused from then on; its messages stay. The name may be used again, by a node that joins anew.
`,
    )
    .argument('<NAME>', 'a node, or its core ID')
    .addOption(configOption())
    .option('--json', 'print one JSON document')
    .action((name, options) => run(cli, name, options));
}

async function run(
  cli: Cli,
  name: string,
  { config: path, json }: { readonly config: string; readonly json?: true },
): Promise<void> {
  const removed = await withCoordinator(cli, path, async ({ runtime, config, coordination }) => {
    const node = await findIdentity(coordination, name, 'agent');
    await removeNode({ ...runtime, coordination }, node, `command line on ${config.server.name}`);
    return node;
  });
  if (json) return printJson(cli, { removed: { coreId: removed.coreId, name: removed.name } });
  note(cli, `node ${removed.name} is removed, and its certificates count nowhere any more`);
}
