import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { actionPageSchema, type ActionPage, type ActionView } from '../../model/action-api.ts';
import { actionColumns } from '../asking/actions.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { messageIdArgument } from '../options/message-id-argument.ts';
import { nameOption } from '../options/name-option.ts';
import type { Question } from '../asking/pool-client.ts';
import { printJson, printTable } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';

const pageMax = 1_000;

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .option('--request <ID>', 'what was asked at once, as `tool run` prints it', messageIdArgument)
    .option('--node <NODE>', 'on this node', nameOption)
    .option('--message <ID>', 'about this message', messageIdArgument)
    .addOption(new Option('--limit <NUMBER>', 'so many, the newest').argParser(limit).default(100))
    .addHelpText(
      'before',
      `Examples:
  watchkeeper action list
  watchkeeper action list --node web01 --limit 10
`,
    )
    .action(async ({ request, node, message, limit: wanted, ...options }) => {
      const client = await openClient(cli, options);
      const actions: ActionView[] = [];
      let cursor: string | null = null;
      do {
        const query: Question['query'] = {
          ...(request && { request }),
          ...(node && { node }),
          ...(message && { message }),
          limit: Math.min(pageMax, wanted - actions.length),
          ...(cursor !== null && { cursor }),
        };
        const page: ActionPage = await client.ask({ path: '/api/v1/actions', query }, actionPageSchema);
        actions.push(...page.actions);
        cursor = page.next;
      } while (cursor !== null && actions.length < wanted);
      if (options.json) return printJson(cli, { actions });
      const nowMs = (await cli.runtime()).clock.wallMs();
      printTable(
        cli,
        actions,
        actionColumns(nowMs),
        'nothing was asked; run a tool with `watchkeeper tool run`',
      );
    });
}

function limit(text: string): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > 100_000) throw new InvalidArgumentError('It must be a number from 1 to 100000.');
  return number;
}
