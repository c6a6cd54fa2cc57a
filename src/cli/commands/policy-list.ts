import type { Command } from '@commander-js/extra-typings';
import { policyViewsSchema, type PolicyView } from '../../model/policy-api.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { countsText } from '../asking/policies.ts';
import { printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';
import { ageText } from '../terminal/times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command).action(async (options) => {
    const client = await openClient(cli, options);
    const nowMs = (await cli.runtime()).clock.wallMs();
    const { policies } = await client.ask({ path: '/api/v1/policies' }, policyViewsSchema);
    if (options.json) return printJson(cli, { policies });
    const columns: Column<PolicyView>[] = [
      { title: 'POLICY', value: ({ name }) => safeText(name) },
      { title: 'KIND', value: ({ kind }) => safeText(kind) },
      { title: 'CHANGED', value: ({ changedMs }) => ageText(changedMs, nowMs), align: 'right' },
      { title: 'BY', value: ({ by }) => safeText(by) },
      { title: 'NODES', value: ({ nodes }) => countsText(nodes) },
      { title: 'GROUPS', value: ({ groups }) => safeText(groups.join(', ')) || '–' },
    ];
    printTable(cli, policies, columns, 'no policy is defined; define one with `watchkeeper policy set FILE`');
  });
}
