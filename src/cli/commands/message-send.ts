import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { AgentClient } from '../../agent/local/agent-client.ts';
import { WatchError } from '../../model/errors.ts';
import { messageDraftSchema, type MessageDraft } from '../../model/message.ts';
import { severities, type Severity } from '../../model/severity.ts';
import { agentConfigOption, readAgentConfig } from '../machine/agent-config.ts';
import type { Cli } from '../cli.ts';
import { printJson } from '../terminal/print.ts';

type Attributes = Readonly<Record<string, string>>;

type Options = {
  readonly config: string;
  readonly severity: Severity;
  readonly text: string;
  readonly application?: string;
  readonly object?: string;
  readonly group?: string;
  readonly key?: string;
  readonly attribute?: Attributes;
  readonly json?: true;
};

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper message send --severity major --text "backup failed" --application backup --object db1
  df -h | watchkeeper message send --severity normal --text - --attribute run=nightly

Prints the message's ID when the agent has it on disk.
`,
    )
    .addOption(agentConfigOption())
    .addOption(new Option('--severity <SEVERITY>', 'how bad').choices(severities).makeOptionMandatory())
    .addOption(new Option('--text <TEXT>', 'what happened; - reads standard input').makeOptionMandatory())
    .option('--application <NAME>', 'what it is about')
    .option('--object <NAME>', 'which part of that')
    .option('--group <GROUP>', 'who should look at it')
    .option('--key <KEY>', 'what makes it the same as another message')
    .addOption(
      new Option('--attribute <NAME=VALUE>', 'anything else; may be given several times').argParser(collect),
    )
    .option('--json', 'print one JSON document')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, options: Options): Promise<void> {
  const { files, network } = await cli.runtime();
  const draft = await draftOf(cli, options);
  const config = await readAgentConfig(cli, files, options.config);
  const client = await AgentClient.connect(network, config.data);
  try {
    const id = await client.send(draft);
    if (options.json) printJson(cli, { id });
    else cli.stdout.write(`${id}\n`);
  } finally {
    client.close();
  }
}

async function draftOf(cli: Cli, options: Options): Promise<MessageDraft> {
  const { config: _, json: __, attribute, ...fields } = options;
  const text = fields.text === '-' ? (await cli.readInput()).trimEnd() : fields.text;
  const attributes = attribute === undefined ? {} : { attributes: attribute };
  const parsed = messageDraftSchema.safeParse({ ...fields, text, ...attributes, source: 'message send' });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const option = issue?.path.join(' ') ?? 'message';
  throw new WatchError('WK_BAD_REQUEST', `--${option}: ${issue?.message ?? 'is not valid'}`);
}

function collect(text: string, before: Attributes | undefined): Attributes {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('It must be NAME=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
