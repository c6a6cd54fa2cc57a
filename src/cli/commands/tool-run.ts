import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { actionAnswerSchema, type ActionAnswer, type ActionView } from '../../model/action-api.ts';
import { WatchError } from '../../model/errors.ts';
import { parameterNameSchema } from '../../model/tool.ts';
import { uuidV7 } from '../../model/uuid.ts';
import { OutputLines } from '../asking/actions.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { durationOption } from '../options/duration-option.ts';
import { partialExit } from '../exit-codes.ts';
import { followActions } from '../asking/follow-actions.ts';
import { messageIdArgument } from '../options/message-id-argument.ts';
import { collectName, nameOption } from '../options/name-option.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { note, printJson } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from '../asking/target.ts';

const shownMax = 10;

type Options = ClientOptions &
  PrintOptions & {
    readonly node?: string[];
    readonly group?: string[];
    readonly message?: string;
    readonly parameter?: Record<string, string>;
    readonly within?: number;
    readonly follow?: true;
  };

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<TOOL>', 'the tool', nameOption)
    .addOption(new Option('--node <NODE>', 'on this node; may be given several times').argParser(collectName))
    .addOption(new Option('--group <GROUP>', 'on all nodes of that node group').argParser(collectName))
    .option(
      '--message <ID>',
      'about this message: on its node, and the result becomes an annotation',
      messageIdArgument,
    )
    .addOption(
      new Option(
        '--parameter <NAME=VALUE>',
        'what a parameter of the tool is; may be given several times',
      ).argParser(collectParameter),
    )
    .option('--within <DURATION>', 'a node that cannot begin within this time does not (60s)', durationOption)
    .option('--follow', 'show what it prints and how it ends, until all have ended')
    .addHelpText(
      'before',
      `Examples:
  watchkeeper tool run uptime --node web01 --follow
  watchkeeper tool run restart --group web --parameter service=nginx --follow
  watchkeeper tool run disk-usage --message 0190a6f4-0000-7000-8000-000000000001

Every node does it at most once, whichever servers come and go meanwhile. Exits with 7 when it was not done everywhere, with 1 when it
was done nowhere. Ctrl-C ends the watching, not the actions. With --follow, --json prints one document a line: first the answer, then
{"type":"action"} and {"type":"output"} as they come.
`,
    )
    .action((tool, options) => run(cli, tool, options));
}

/** The value is everything behind the first equals sign, line breaks included. */
function collectParameter(text: string, before: Record<string, string> | undefined): Record<string, string> {
  const at = text.indexOf('=');
  const name = parameterNameSchema.safeParse(text.slice(0, Math.max(0, at)));
  if (!name.success) throw new InvalidArgumentError('It must be NAME=VALUE.');
  return { ...before, [name.data]: text.slice(at + 1) };
}

async function run(cli: Cli, tool: string, options: Options): Promise<void> {
  const client = await openClient(cli, options);
  const asked = await ask(cli, client, tool, options);
  if (options.follow !== true || asked.request === null) return report(cli, asked, options);
  if (options.json) cli.stdout.write(`${JSON.stringify({ type: 'asked', ...asked })}\n`);
  else noteRefused(cli, asked);
  const actions = await followActions(cli, client, asked, options.json ? asJson(cli) : asText(cli, asked));
  const done = actions.filter(({ state }) => state === 'done').length;
  if (done < actions.length + asked.refused.length) cli.exitCode = done === 0 ? 1 : partialExit;
  if (!options.json) note(cli, summaryOf(actions));
}

async function ask(cli: Cli, client: PoolClient, tool: string, options: Options): Promise<ActionAnswer> {
  const { clock, random } = await cli.runtime();
  const { node = [], group = [], message, parameter = {}, within } = options;
  if (node.length + group.length === 0 && message === undefined)
    throw new WatchError('WK_BAD_REQUEST', 'say on which nodes: --node, --group, or --message');
  const body = {
    tool,
    parameters: parameter,
    nodes: node,
    nodeGroups: group,
    ...(message === undefined ? {} : { message }),
    ...(within === undefined ? {} : { withinMs: within }),
    // So that it is asked once, whichever server's answer is lost.
    idempotencyKey: uuidV7(clock.wallMs(), random.bytes(10)),
  };
  return client.ask({ method: 'POST', path: '/api/v1/actions', body }, actionAnswerSchema);
}

function report(cli: Cli, asked: ActionAnswer, options: Options): void {
  const { actions, refused, request } = asked;
  const [first] = refused;
  if (options.json) printJson(cli, asked);
  else noteRefused(cli, asked);
  if (actions.length === 0 && !options.json)
    throw new WatchError('WK_DENIED', first ? 'no node was asked' : 'no node belongs to that group');
  if (refused.length > 0) cli.exitCode = actions.length === 0 ? 1 : partialExit;
  if (!options.json)
    note(cli, `${nodesText(actions.length)} asked; see \`watchkeeper action list --request ${request}\``);
}

function noteRefused(cli: Cli, { refused }: ActionAnswer): void {
  for (const { nodeName, because } of refused.slice(0, shownMax))
    note(cli, `${safeText(nodeName)} is not asked: ${safeText(because)}`);
  if (refused.length > shownMax) note(cli, `… and ${refused.length - shownMax} more are not asked`);
}

function asJson(cli: Cli): Parameters<typeof followActions>[3] {
  const print = (document: object): void => cli.stdout.write(`${JSON.stringify(document)}\n`);
  return {
    changed: (action) => print({ type: 'action', action }),
    printed: (piece) => print({ type: 'output', ...piece }),
    ended: () => undefined,
  };
}

/** With one node its output alone, so that it can be piped on; with several each line behind the node's name. */
function asText(cli: Cli, { actions }: ActionAnswer): Parameters<typeof followActions>[3] {
  const isOne = actions.length === 1;
  const lines = new OutputLines((stream, line) => cli[stream].write(`${line}\n`));
  const prefixOf = ({ nodeName }: ActionView): string => (isOne ? '' : `${safeText(nodeName)}: `);
  let ended = 0;
  return {
    changed: ({ nodeName, state }) => {
      if (state === 'running' && isOne) note(cli, `${safeText(nodeName)} has begun`);
    },
    printed: (piece, action) => lines.add(piece, prefixOf(action)),
    ended: (action) => {
      lines.end(action.id, prefixOf(action));
      ended += 1;
      const place = isOne ? '' : ` (${ended} of ${actions.length})`;
      note(cli, `${safeText(action.nodeName)}: ${action.state}, ${safeText(action.because)}${place}`);
    },
  };
}

function summaryOf(actions: readonly ActionView[]): string {
  const counts = new Map<string, number>();
  for (const { state } of actions) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
}

function nodesText(count: number): string {
  return count === 1 ? '1 node is' : `${count} nodes are`;
}
