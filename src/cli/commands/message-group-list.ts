import type { Command } from '@commander-js/extra-typings';
import type { MessageGroupView } from '../../model/message-groups.ts';
import { severities } from '../../model/severity.ts';
import { messageGroups } from '../asking/message-groups.ts';
import { openClient } from '../asking/target.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { note, printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';

const columns: readonly Column<MessageGroupView>[] = [
  { title: 'GROUP', value: ({ name }) => (name === null ? '(none)' : safeText(name)) },
  { title: 'DEFINED', value: ({ isDefined, name }) => (name === null ? '–' : isDefined ? 'yes' : 'no') },
  { title: 'OPEN', value: ({ open }) => String(sum(open)), align: 'right' },
  { title: 'WORST', value: ({ open }) => severities.findLast((severity) => open[severity] > 0) ?? '–' },
  { title: 'CONTACT', value: ({ contact }) => safeText(contact ?? '–') },
  { title: 'DESCRIPTION', value: ({ description }) => safeText(description ?? '–') },
];

function sum(open: MessageGroupView['open']): number {
  return severities.reduce((total, severity) => total + open[severity], 0);
}

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper message-group list
  watchkeeper message-group list --json

Groups that are defined, and those that open messages name without anybody having defined them.
`,
    )
    .action(async (options) => {
      const groups = await messageGroups(await openClient(cli, options));
      if (options.json) return printJson(cli, { groups });
      printTable(cli, groups, columns, 'no message group is defined, and no open message names one');
      const unknown = groups.filter(({ isDefined, name }) => !isDefined && name !== null).length;
      if (unknown > 0)
        note(
          cli,
          `${unknown} are not defined; \`watchkeeper message-group set NAME\` says what one is about`,
        );
    });
}
