import { Option, type Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import type { PolicyKind } from '../../flexible-management/check-policy.ts';
import { explain, explainedLines } from '../../flexible-management/explanation.ts';
import type { MessageFacts } from '../../flexible-management/message-facts.ts';
import { isTimeZone, type MessageMoment } from '../../flexible-management/time-template.ts';
import { WatchError } from '../../model/errors.ts';
import { severities } from '../../model/severity.ts';
import type { Cli } from '../cli.ts';
import { withPrint, type PrintOptions } from '../options/client-options.ts';
import { collectVariable, kindOption, readFlexibleFile } from '../files/flexible-file.ts';
import { printJson } from '../terminal/print.ts';
import { localTimeText, localZone, parseTimeMs } from '../terminal/times.ts';

type Options = PrintOptions & {
  readonly kind: PolicyKind;
  readonly message: string;
  readonly at?: string;
  readonly zone?: string;
  readonly serverZone?: string;
  readonly set?: Record<string, boolean>;
};

const text = z.string().max(8_192);
const messageSchema = z.strictObject({
  severity: z
    .string()
    .transform((word) => word.toLowerCase())
    .pipe(z.enum(severities))
    .default('normal'),
  text: text.default(''),
  node: z
    .union([
      text.transform((name) => ({ name })),
      z.strictObject({ name: text, coreId: text.optional(), addresses: z.array(text).max(64).optional() }),
    ])
    .default({ name: '' }),
  application: text.optional(),
  group: text.optional(),
  object: text.optional(),
  messageType: text.optional(),
  service: text.optional(),
});

export function define(command: Command, cli: Cli): void {
  withPrint(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper policy explain desk.mgrconf --at 2026-12-24T19:30 --zone Europe/Oslo \\
    --message '{"severity": "critical", "group": "Database", "node": "db7", "text": "full"}'

Says for each rule that was asked whether it decides and why, and what comes of it. A policy of agents tells the one
server that the message goes to, one of servers whom it is forwarded to and what service hours make of it.
`,
    )
    .argument('<FILE>', 'the policy; - for standard input')
    .requiredOption(
      '--message <JSON>',
      'severity, text, node, application, group, object, messageType, service',
    )
    .option('--at <TIME>', 'the hour to ask about: 2026-12-24T19:30, RFC 3339; now if it is left out')
    .addOption(kindOption)
    .option('--zone <ZONE>', "the node's time zone, like Europe/Oslo; yours if it is left out")
    .option('--server-zone <ZONE>', "the server's time zone; yours if it is left out")
    .addOption(
      new Option('--set <NAME=VALUE>', 'a condition status variable; may be given several times').argParser(
        collectVariable,
      ),
    )
    .action((file, options) => run(cli, file, options));
}

async function run(cli: Cli, file: string, options: Options): Promise<void> {
  const nowMs = (await cli.runtime()).clock.wallMs();
  const moment = momentOf(options, nowMs);
  const message = messageOf(options.message);
  const policy = await readFlexibleFile(cli, file, options.kind);
  const explained = explain(policy, message, moment, options);
  if (options.json) return printJson(cli, explained);
  cli.stdout.write(`at ${localTimeText(moment.epochMs, moment.nodeZone)} ${moment.nodeZone}\n`);
  for (const line of explainedLines(explained)) cli.stdout.write(`${line}\n`);
}

function momentOf({ at, zone, serverZone }: Options, nowMs: number): MessageMoment {
  const nodeZone = zoneOf('--zone', zone);
  const epochMs = at === undefined ? nowMs : parseTimeMs(at, nowMs, nodeZone);
  if (epochMs === null)
    throw new WatchError('WK_BAD_REQUEST', `--at ${at} is not a time; write 2026-12-24T19:30 or RFC 3339`);
  return { epochMs, nodeZone, serverZone: zoneOf('--server-zone', serverZone) };
}

function zoneOf(option: string, zone: string | undefined): string {
  if (zone === undefined) return localZone();
  if (isTimeZone(zone)) return zone;
  throw new WatchError('WK_BAD_REQUEST', `${option} ${zone} is not a time zone; use a name like Europe/Oslo`);
}

function messageOf(json: string): MessageFacts {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch (error) {
    throw new WatchError('WK_BAD_REQUEST', '--message is not JSON; write it like {"severity": "major"}', {
      cause: error,
    });
  }
  const result = messageSchema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new WatchError(
    'WK_BAD_REQUEST',
    `--message: ${where === '' ? '' : `${where}: `}${issue?.message ?? ''}`,
  );
}
