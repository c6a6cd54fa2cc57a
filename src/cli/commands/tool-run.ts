import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { actionAnswerSchema, type ActionAnswer } from '../../model/action-api.ts';
import { WatchError } from '../../model/errors.ts';
import { parameterNameSchema } from '../../model/tool.ts';
import { uuidV7 } from '../../model/uuid.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { durationOption } from '../options/duration-option.ts';
import { messageIdArgument } from '../options/message-id-argument.ts';
import { collectName, nameOption } from '../options/name-option.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { showAsked } from '../asking/show-asked.ts';
import { openClient } from '../asking/target.ts';

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
  return showAsked(cli, client, asked, options);
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
