import { Option, type Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import type { PolicyKind } from '../../flexible-management/check-policy.ts';
import { explain, explainedLines } from '../../flexible-management/explanation.ts';
import type { MessageFacts } from '../../flexible-management/message-facts.ts';
import { isTimeZone, type MessageMoment } from '../../flexible-management/time-template.ts';
import { WatchError } from '../../model/errors.ts';
import { severities } from '../../model/severity.ts';
import { rulesExplanationSchema, type RulesExplanation } from '../../model/flexible-api.ts';
import { openClient } from '../asking/target.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { collectVariable, readFlexibleFile } from '../files/flexible-file.ts';
import { printJson } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { localTimeText, localZone, parseTimeMs } from '../terminal/times.ts';

type Options = ClientOptions &
  PrintOptions & {
    readonly kind?: PolicyKind;
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
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper policy explain desk.mgrconf --at 2026-12-24T19:30 --zone Europe/Oslo \\
    --message '{"severity": "critical", "group": "Database", "node": "db7", "text": "full"}'
  watchkeeper policy explain --message '{"group": "Storage", "node": "db7"}' --at 2026-12-24T19:30

Without a file the pool is asked: whether an outage or service hours that are in force would hold, suppress or only log the message, with
switches as they are and by the clock of its node, and with which other pools it would be shared. With a file nobody is asked. It says for each rule that was asked whether it decides and why, and what comes of it. A policy of agents tells the one
server that the message goes to, one of servers whom it is forwarded to and what service hours make of it.
`,
    )
    .argument('[FILE]', 'the policy; - for standard input; what is in force in the pool if it is left out')
    .requiredOption(
      '--message <JSON>',
      'severity, text, node, application, group, object, messageType, service',
    )
    .option('--at <TIME>', 'the hour to ask about: 2026-12-24T19:30, RFC 3339; now if it is left out')
    .addOption(
      new Option('--kind <KIND>', 'who reads the policy; agent if it is left out').choices([
        'agent',
        'server',
      ] as const),
    )
    .option('--zone <ZONE>', "the node's time zone, like Europe/Oslo; yours if it is left out")
    .option('--server-zone <ZONE>', "the server's time zone; yours if it is left out")
    .addOption(
      new Option('--set <NAME=VALUE>', 'a condition status variable; may be given several times').argParser(
        collectVariable,
      ),
    )
    .action((file, options) => (file === undefined ? askPool(cli, options) : run(cli, file, options)));
}

async function run(cli: Cli, file: string, options: Options): Promise<void> {
  const nowMs = (await cli.runtime()).clock.wallMs();
  const moment = momentOf(options, nowMs);
  const message = messageOf(options.message);
  const kind = options.kind ?? 'agent';
  const policy = await readFlexibleFile(cli, file, kind);
  const explained = explain(policy, message, moment, { ...options, kind });
  if (options.json) return printJson(cli, explained);
  cli.stdout.write(`at ${localTimeText(moment.epochMs, moment.nodeZone)} ${moment.nodeZone}\n`);
  for (const line of explainedLines(explained)) cli.stdout.write(`${line}\n`);
}

async function askPool(cli: Cli, options: Options): Promise<void> {
  const { kind, zone, serverZone, set } = options;
  if (kind ?? zone ?? serverZone ?? set)
    throw new WatchError(
      'WK_BAD_REQUEST',
      '--kind, --zone, --server-zone and --set go with a file; the pool knows its own',
    );
  const nowMs = (await cli.runtime()).clock.wallMs();
  const { epochMs: atMs } = momentOf(options, nowMs);
  const message = messageOf(options.message);
  const client = await openClient(cli, options);
  const question = {
    method: 'POST',
    path: '/api/v1/message-rules/explain',
    body: { message, atMs },
  } as const;
  const explained = await client.ask(question, rulesExplanationSchema);
  if (options.json) return printJson(cli, explained);
  for (const line of inForceLines(explained, atMs)) cli.stdout.write(`${safeText(line)}\n`);
}

function inForceLines({ handling, shares, nodeZone }: RulesExplanation, atMs: number): string[] {
  const untilMs = handling?.untilMs ?? null;
  const until = untilMs === null ? '' : ` until ${localTimeText(untilMs, nodeZone)}`;
  return [
    `at ${localTimeText(atMs, nodeZone)} ${nodeZone}`,
    handling === null
      ? 'the message stands open at once: no outage and no service hours say otherwise'
      : `the message is ${handling.what}${until}: ${handling.because}`,
    ...shares.map(
      ({ pool, server, share, because }) =>
        `it goes to ${server} of pool ${pool}, ${share === 'control' ? 'with control' : 'for notice'}: ${because}`,
    ),
    ...(handling === null && shares.length === 0 ? ['it goes to no other pool'] : []),
  ];
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
