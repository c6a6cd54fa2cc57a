import type { Command } from '@commander-js/extra-typings';
import { statusVariablesSchema, type StatusVariableView } from '../../model/status-variables.ts';
import { openClient } from '../asking/target.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { localTimeText, localZone } from '../terminal/times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper status-variable list
  watchkeeper status-variable list --json
`,
    )
    .action(async (options) => {
      const client = await openClient(cli, options);
      const { variables } = await client.ask({ path: '/api/v1/status-variables' }, statusVariablesSchema);
      if (options.json) return printJson(cli, { variables });
      const none = 'no policy for servers declares a condition status variable, and none was switched';
      printTable(cli, variables, columns(localZone()), none);
    });
}

function columns(zone: string): Column<StatusVariableView>[] {
  return [
    { title: 'VARIABLE', value: ({ name }) => safeText(name) },
    { title: 'SWITCHED TO', value: ({ switched }) => (switched === null ? '–' : String(switched.value)) },
    { title: 'BY', value: ({ switched }) => safeText(switched?.by ?? '–') },
    {
      title: 'SINCE',
      value: ({ switched }) => (switched ? localTimeText(switched.changedMs, zone) : '–'),
    },
    {
      title: 'DECLARED',
      value: ({ declared }) =>
        safeText(declared.map(({ policy, initially }) => `${policy} (${initially})`).join(', ')) || 'nowhere',
    },
  ];
}
