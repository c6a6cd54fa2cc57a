import type { Command } from '@commander-js/extra-typings';
import { deploymentSchema, type DeploymentHeld, type NodePolicies } from '../../model/policy-api.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { partialExit } from '../exit-codes.ts';
import { many } from '../terminal/many.ts';
import { note, printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';
import { localTimeText, localZone } from '../terminal/times.ts';

const columnsOf = (held: DeploymentHeld | null): readonly Column<NodePolicies>[] => [
  { title: 'NODE', value: ({ name }) => safeText(name) },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'POLICIES', value: ({ policies }) => safeText(policies.join(', ')) || '–' },
  { title: 'GROUPS', value: ({ groups }) => safeText(groups.join(', ')) || '–' },
  { title: 'WHY', value: (node) => whyOf(node, held) },
];

function whyOf({ name, state, running }: NodePolicies, held: DeploymentHeld | null): string {
  if (state === 'refused') return safeText(running?.refused?.text ?? '');
  if (state === 'pending' && held !== null && !held.released.includes(name)) return 'changes are held back';
  if (state === 'pending') return 'its agent has not said yet that it runs them';
  return state === 'unknown' ? 'its agent never said what it runs' : '';
}

function heldText({ sinceMs, by, released }: DeploymentHeld): string {
  const but = released.length === 0 ? '' : `, but to ${many(released.length, 'node')}`;
  const since = localTimeText(sinceMs, localZone());
  return `changes are sent to nobody since ${since}${but} (${safeText(by)}); \`policy deploy --all\` sends them`;
}

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .option('--drift', 'only nodes that do not run what they should')
    .addHelpText(
      'before',
      `Examples:
  watchkeeper policy status --drift

Exits with 7 when a node does not run what it should.
`,
    )
    .action(async (options) => {
      const client = await openClient(cli, options);
      const { nodes, held } = await client.ask({ path: '/api/v1/deployment' }, deploymentSchema);
      const isDrifted = ({ state, policies }: NodePolicies): boolean =>
        state !== 'current' && (state !== 'unknown' || policies.length > 0);
      const drifted = nodes.filter(isDrifted);
      if (drifted.length > 0) cli.exitCode = partialExit;
      const shown = options.drift ? drifted : nodes;
      if (options.json) return printJson(cli, { nodes: shown, held });
      if (held !== null) note(cli, heldText(held));
      printTable(
        cli,
        shown,
        columnsOf(held),
        options.drift ? 'every node runs what it should' : 'no node is enrolled',
      );
    });
}
