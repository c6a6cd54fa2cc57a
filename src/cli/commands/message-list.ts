import type { Command } from '@commander-js/extra-typings';
import {
  messagePageSchema,
  type MessageFilter,
  type MessagePage,
  type MessageView,
} from '../../model/api.ts';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { followMessages } from '../asking/follow-messages.ts';
import { messageColumns, numberColumn } from '../terminal/message-columns.ts';
import {
  filterOf,
  filterOptions,
  limitOption,
  type FilterOptions,
} from '../options/message-filter-options.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { note, printJson, printTable, stdoutStyle } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';

const pageMax = 1_000;

interface Options extends ClientOptions, PrintOptions, FilterOptions {
  readonly limit: number;
  readonly follow?: true;
  readonly quiet?: true;
  readonly grouped?: true;
}

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper message list --severity major --state open --since 1h
  watchkeeper message list --node web01 --text disk --json
  watchkeeper message list --state open --grouped
  watchkeeper message list --follow
  watchkeeper message list --text "backup failed" --quiet | watchkeeper message acknowledge -
`,
    )
    .addOption(filterOptions.severity)
    .addOption(filterOptions.node)
    .addOption(filterOptions.group)
    .addOption(filterOptions.key)
    .addOption(filterOptions.text)
    .addOption(filterOptions.state)
    .addOption(filterOptions.since)
    .option('--limit <COUNT>', 'at most so many', limitOption, 100)
    .option('--grouped', 'of messages that say the same only the newest, with their number; not with --text')
    .option('--follow', 'go on with what changes until Ctrl-C; with --json one document a line')
    .option('-q, --quiet', 'print IDs only')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, options: Options): Promise<void> {
  const client = await openClient(cli, options);
  const nowMs = (await cli.runtime()).clock.wallMs();
  const filter = filterOf(options, nowMs);
  const grouped = options.grouped ?? false;
  if (grouped && (options.follow || options.text !== undefined))
    throw new WatchError(
      'WK_BAD_REQUEST',
      '--grouped goes neither with --follow nor with --text; leave one out',
    );
  if (options.follow) return followMessages(cli, client, filter, options);
  const { messages, next } = await readMessages(
    client,
    { ...filter, ...(grouped && { grouped: 'true' }) },
    options.limit,
  );
  if (options.json) return printJson(cli, { messages, next });
  if (options.quiet) return messages.forEach(({ id }) => cli.stdout.write(`${id}\n`));
  const columns = messageColumns(stdoutStyle(cli, options), nowMs);
  if (grouped) columns.splice(2, 0, numberColumn(options.state));
  printTable(cli, messages, columns, 'no message matches');
  if (next !== null) note(cli, `there are more than ${options.limit}; --limit shows them`);
}

async function readMessages(
  client: PoolClient,
  filter: MessageFilter & { readonly grouped?: 'true' },
  limit: number,
): Promise<{ messages: MessageView[]; next: string | null }> {
  const messages: MessageView[] = [];
  let next: string | null = null;
  do {
    const query = {
      ...filter,
      limit: Math.min(pageMax, limit - messages.length),
      cursor: next ?? undefined,
    };
    const page: MessagePage = await client.ask({ path: '/api/v1/messages', query }, messagePageSchema);
    messages.push(...page.messages);
    next = page.next;
  } while (next !== null && messages.length < limit);
  return { messages, next };
}
