import type { Command } from '@commander-js/extra-typings';
import type { NodeGroupView } from '../../model/policy-api.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nodeGroups } from '../asking/policies.ts';
import { printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';

const columns: readonly Column<NodeGroupView>[] = [
  { title: 'GROUP', value: ({ name }) => safeText(name) },
  { title: 'MEMBERS', value: ({ members }) => String(members), align: 'right' },
  { title: 'NODES', value: ({ nodes }) => listText(nodes) },
  { title: 'RULES', value: ({ rules }) => (rules.length === 0 ? '–' : String(rules.length)), align: 'right' },
  { title: 'GROUPS', value: ({ groups }) => listText(groups) },
  {
    title: 'POLICIES',
    value: ({ policies, policyGroups }) => listText([...policyGroups.map((name) => `${name}/`), ...policies]),
  },
];

const shownMax = 4;

function listText(names: readonly string[]): string {
  const more = names.length > shownMax ? `, … (${names.length})` : '';
  return safeText(names.slice(0, shownMax).join(', ')) + more || '–';
}

export function define(command: Command, cli: Cli): void {
  withClient(command).action(async (options) => {
    const groups = await nodeGroups(await openClient(cli, options));
    if (options.json) return printJson(cli, { groups });
    printTable(cli, groups, columns, 'there is no node group; make one with `watchkeeper node-group set`');
  });
}
