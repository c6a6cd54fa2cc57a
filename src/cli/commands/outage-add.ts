import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { WatchError } from '../../model/errors.ts';
import type { Handling } from '../../model/operation.ts';
import { outageSchema } from '../../model/outage.ts';
import { nearestTo } from '../../runtime/known-keys.ts';
import type { Cli } from '../cli.ts';
import { changeConfig } from '../asking/config.ts';
import { reachText } from '../asking/outages.ts';
import { nodeGroups } from '../asking/policies.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { openClient } from '../asking/target.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { durationOption } from '../options/duration-option.ts';
import { collectName, nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { localTimeText, localZone, parseTimeMs } from '../terminal/times.ts';

type Options = ClientOptions &
  PrintOptions & {
    readonly node?: string[];
    readonly nodeGroup?: string[];
    readonly messageGroup?: string[];
    readonly from?: string;
    readonly until?: string;
    readonly for?: number;
    readonly because: string;
    readonly logOnly?: true;
    readonly hold?: true;
  };

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('[NAME]', 'what to call it; made of what it is about and when it begins', nameOption)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper outage add --node web01 --for 2h --because 'new disks'
  watchkeeper outage add move --node-group oslo --from 2026-12-05T22:00 --until 2026-12-06T04:00 --because 'the room moves'
  watchkeeper outage add --message-group Storage --node 'db*' --for 30m --hold --because 'firmware'

Messages that are made meanwhile go to the history at once (suppressed); with --log-only they do too, and say that they were only
logged; with --hold they stand open when it ends. It is about the nodes and the node groups together, and, where message groups are given,
only about messages in those. Every server has it at once, and it ends by itself. What was open before stays open.
`,
    )
    .addOption(new Option('--node <PATTERN>', 'nodes by name; * is any text').argParser(collectText))
    .addOption(new Option('--node-group <GROUP>', 'a group of nodes').argParser(collectName))
    .addOption(
      new Option('--message-group <PATTERN>', 'messages in this group; * is any text').argParser(collectText),
    )
    .option('--from <TIME>', 'when it begins: 2026-12-05T22:00, RFC 3339; now if it is left out')
    .addOption(new Option('--until <TIME>', 'when it ends').conflicts('for'))
    .addOption(new Option('--for <DURATION>', 'how long it lasts: 30m, 2h').argParser(durationOption))
    .requiredOption('--because <TEXT>', 'why, for whoever asks at night')
    .addOption(new Option('--log-only', 'messages are only logged').conflicts('hold'))
    .option('--hold', 'messages are held back until it ends')
    .action((name, options) => run(cli, name, options));
}

function collectText(text: string, before: string[] | undefined): string[] {
  if (text === '' || text.length > 128) throw new InvalidArgumentError('It must be 1 to 128 characters.');
  return [...(before ?? []), text];
}

async function run(cli: Cli, name: string | undefined, options: Options): Promise<void> {
  const nowMs = (await cli.runtime()).clock.wallMs();
  const source = sourceOf(name, options, nowMs);
  const client = await openClient(cli, options);
  await checkNodeGroups(client, source.nodeGroups);
  // Revision 0: one of that name that is there already is not replaced.
  const change = { kind: 'policy', name: source.name, revision: 0, content: source } as const;
  const revision = await changeConfig(client, { changes: [change], via: 'outage add' });
  if (options.json) return printJson(cli, { outage: source, revision });
  const until = localTimeText(Date.parse(source.until), localZone());
  note(cli, `outage ${source.name} is defined: ${safeText(reachText(source))}, until ${until}`);
}

/** As it stands in a file. WK_BAD_REQUEST for what no outage can be. */
function sourceOf(name: string | undefined, options: Options, nowMs: number) {
  const { node: nodes, nodeGroup: nodeGroups, messageGroup: groups, because } = options;
  const [subject] = [...(nodes ?? []), ...(nodeGroups ?? []), ...(groups ?? [])];
  if (subject === undefined)
    throw new WatchError('WK_BAD_REQUEST', 'say what is out: --node, --node-group or --message-group');
  const fromMs = options.from === undefined ? nowMs : timeOf('--from', options.from, nowMs);
  const untilMs = endOf(options, fromMs, nowMs);
  if (untilMs <= Math.max(fromMs, nowMs))
    throw new WatchError(
      'WK_BAD_REQUEST',
      'it would be over before it begins; give a later --until, or --for',
    );
  const from = new Date(fromMs).toISOString();
  const source = {
    kind: 'outage',
    name: name ?? nameOf(subject, from),
    ...(nodes && { nodes }),
    ...(nodeGroups && { nodeGroups }),
    ...(groups && { groups }),
    from,
    until: new Date(untilMs).toISOString(),
    handling: handlingOf(options),
    because,
  };
  const { error } = outageSchema.safeParse(source);
  if (error === undefined) return source;
  throw new WatchError('WK_BAD_REQUEST', z.prettifyError(error).replaceAll('\n', ' '));
}

function handlingOf({ hold, logOnly }: Options): Handling {
  if (hold) return 'held';
  return logOnly ? 'logged only' : 'suppressed';
}

function endOf(options: Options, fromMs: number, nowMs: number): number {
  if (options.for !== undefined) return fromMs + options.for;
  if (options.until !== undefined) return timeOf('--until', options.until, nowMs);
  throw new WatchError('WK_BAD_REQUEST', 'say when it ends: --until TIME or --for DURATION');
}

function timeOf(option: string, text: string, nowMs: number): number {
  const ms = parseTimeMs(text, nowMs, localZone());
  if (ms !== null) return ms;
  throw new WatchError(
    'WK_BAD_REQUEST',
    `${option} ${text} is not a time; write 2026-12-05T22:00, or RFC 3339`,
  );
}

/** `web01-20261205-2200`, in UTC. */
function nameOf(subject: string, from: string): string {
  const word = subject.replaceAll(/[^A-Za-z0-9._-]/g, '').replace(/^[._-]+/, '');
  const [day = '', time = ''] = from.replaceAll(/[-:]/g, '').split('T');
  return `${word.slice(0, 40) || 'outage'}-${day}-${time.slice(0, 4)}`;
}

/** The server takes a group that comes later; a person who names one means one that is there. */
async function checkNodeGroups(client: PoolClient, wanted: readonly string[] = []): Promise<void> {
  if (wanted.length === 0) return;
  const names = (await nodeGroups(client)).map(({ name }) => name);
  const missing = wanted.find((name) => !names.includes(name));
  if (missing === undefined) return;
  const nearest = nearestTo(missing, names);
  const hint = nearest === null ? 'see `watchkeeper node-group list`' : `did you mean ${nearest}?`;
  throw new WatchError('WK_NOT_FOUND', `there is no node group ${missing}; ${hint}`);
}
