import type { Command } from '@commander-js/extra-typings';
import { poolStatusSchema } from '../../model/api.ts';
import { WatchError } from '../../model/errors.ts';
import {
  interfacesAnswerSchema,
  interfacesRequestSchema,
  type InterfacesRequest,
} from '../../model/published-addresses.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';

type Options = ClientOptions &
  PrintOptions & {
    readonly set?: string[];
    readonly add?: string[];
    readonly remove?: string[];
    readonly reset?: true;
  };

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper server interfaces m1
  watchkeeper server interfaces m1 --add fd00::7
  watchkeeper server interfaces m1 --set 192.0.2.7,fd00::7
`,
    )
    .argument('<SERVER>', 'whose addresses', nameOption)
    .option('--set <ADDRESS>', 'publish exactly these, the first one first', collect)
    .option('--add <ADDRESS>', 'publish these as well', collect)
    .option('--remove <ADDRESS>', 'publish these no longer', collect)
    .option('--reset', "publish what the server's configuration says, nothing else")
    .addHelpText(
      'after',
      `
The other servers and the agents use the published addresses at once, in this order, each with the port of the server's
URL. The server must listen there: give it every address of its machine in its configuration (0.0.0.0 or ::).
`,
    )
    .action((server, options) => run(cli, server, options));
}

async function run(cli: Cli, server: string, options: Options): Promise<void> {
  const request = requestOf(options);
  const client = await openClient(cli, options);
  if (request === null) {
    const { members } = await client.ask({ path: '/api/v1/pool' }, poolStatusSchema);
    const member = members.find(({ name }) => name === server);
    if (!member) throw new WatchError('WK_NOT_FOUND', `there is no server ${server}`);
    const { coreId, name, addresses } = member;
    if (options.json) return printJson(cli, { coreId, name, addresses });
    for (const address of addresses) cli.stdout.write(`${address}\n`);
    return;
  }
  const answer = await client.ask(
    { method: 'POST', path: `/api/v1/servers/${encodeURIComponent(server)}/interfaces`, body: request },
    interfacesAnswerSchema,
  );
  if (options.json) return printJson(cli, answer);
  note(cli, `${answer.name} publishes ${answer.addresses.join(', ')}`);
}

/** Null where nothing is to be changed. */
function requestOf({ set, add, remove, reset }: Options): InterfacesRequest | null {
  const asked = [
    ...(set ? [{ kind: 'set', addresses: set }] : []),
    ...(add ? [{ kind: 'add', addresses: add }] : []),
    ...(remove ? [{ kind: 'remove', addresses: remove }] : []),
    ...(reset ? [{ kind: 'reset' }] : []),
  ];
  if (asked.length === 0) return null;
  if (asked.length > 1)
    throw new WatchError('WK_BAD_REQUEST', 'give one of --set, --add, --remove and --reset at a time');
  const parsed = interfacesRequestSchema.safeParse(asked[0]);
  if (parsed.success) return parsed.data;
  throw new WatchError('WK_BAD_REQUEST', parsed.error.issues[0]?.message ?? 'these are no addresses');
}

function collect(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), ...text.split(',')];
}
