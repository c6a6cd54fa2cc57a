import type { Command } from '@commander-js/extra-typings';
import { toolViewsSchema, type ToolView } from '../../model/action-api.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command).action(async (options) => {
    const client = await openClient(cli, options);
    const answer = await client.ask({ path: '/api/v1/tools' }, toolViewsSchema);
    if (options.json) return printJson(cli, answer);
    const columns: Column<ToolView>[] = [
      { title: 'TOOL', value: ({ name }) => safeText(name) },
      { title: 'PARAMETERS', value: ({ parameters }) => Object.keys(parameters).join(', ') || '–' },
      { title: 'AS', value: ({ user }) => safeText(user ?? 'the agent') },
      { title: 'COMMAND', value: ({ command: words }) => safeText(words.join(' ')) },
      { title: 'WHAT IT DOES', value: ({ description }) => safeText(description ?? '') },
    ];
    printTable(cli, answer.tools, columns, 'no tool is defined; define one with `watchkeeper tool set FILE`');
  });
}
