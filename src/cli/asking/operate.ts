import type { Command } from '@commander-js/extra-typings';
import { operationAnswerSchema, type OperationAnswer } from '../../model/api.ts';
import { WatchError } from '../../model/errors.ts';
import type { OperationKind } from '../../model/operation.ts';
import { uuidV4 } from '../../model/uuid.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { partialExit } from '../exit-codes.ts';
import { messageIdArgument } from '../options/message-id-argument.ts';
import { note, printJson } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from './target.ts';

const perRequestMax = 1_000;

/** Defines a command that does one operation to messages: `message KIND ID …`. */
export function defineOperation(command: Command, cli: Cli, kind: OperationKind): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper message ${kind} 0190a6f4-0000-7000-8000-000000000001${kind === 'annotate' ? ' --text "seen before"' : ''}
  watchkeeper message list --text "backup failed" --quiet | watchkeeper message ${kind} -${kind === 'annotate' ? ' --text "seen before"' : ''}
`,
    )
    .argument('<ID...>', 'messages; - reads IDs from standard input')
    .option('--text <NOTE>', kind === 'annotate' ? 'the note' : 'a note on why')
    .action((ids, options) => run(cli, kind, ids, options));
}

async function run(
  cli: Cli,
  kind: OperationKind,
  args: readonly string[],
  options: ClientOptions & PrintOptions & { readonly text?: string },
): Promise<void> {
  if (kind === 'annotate' && options.text === undefined)
    throw new WatchError('WK_BAD_REQUEST', 'message annotate needs a note; give --text NOTE');
  const ids = await readIds(cli, args);
  const { random } = await cli.runtime();
  const client = await openClient(cli, options);
  const answers: OperationAnswer[] = [];
  for (let at = 0; at < ids.length; at += perRequestMax) {
    const body = {
      kind,
      messages: ids.slice(at, at + perRequestMax),
      idempotencyKey: uuidV4(random.bytes(16)),
      ...(options.text === undefined ? {} : { text: options.text }),
    };
    answers.push(
      await client.ask({ method: 'POST', path: '/api/v1/operations', body }, operationAnswerSchema),
    );
  }
  report(cli, kind, answers, options);
}

/** Also what another command printed: IDs between white space. */
async function readIds(cli: Cli, args: readonly string[]): Promise<string[]> {
  const words = args.includes('-') ? [...args, ...(await cli.readInput()).split(/\s+/)] : args;
  const ids = words.filter((word) => word !== '-' && word !== '');
  return [...new Set(ids.map(checkedId))];
}

function checkedId(text: string): string {
  try {
    return messageIdArgument(text);
  } catch (error) {
    throw new WatchError(
      'WK_BAD_REQUEST',
      `${text} is not the ID of a message; \`message list\` prints them`,
      {
        cause: error,
      },
    );
  }
}

function report(
  cli: Cli,
  kind: OperationKind,
  answers: readonly OperationAnswer[],
  { json }: PrintOptions,
): void {
  const results = answers.flatMap((answer) => answer.results);
  const copies = Math.min(...answers.map((answer) => answer.copies));
  const failed = results.filter(({ done }) => !done);
  if (json) printJson(cli, { results, copies });
  else if (results.length > failed.length)
    note(
      cli,
      `${kind}: ${results.length - failed.length} done, on ${copies === 1 ? 'one server' : `${copies} servers`}`,
    );
  for (const { message, because } of failed)
    note(cli, `watchkeeper: ${message}: ${safeText(because ?? 'not done')}`);
  if (failed.length === 0) return;
  // All of them missing is "not found"; some of them is a job done in part.
  cli.exitCode = failed.length < results.length ? partialExit : 3;
}
