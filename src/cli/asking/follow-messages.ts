import { messagePageSchema, type MessageFilter, type MessageView } from '../../model/api.ts';
import type { Cli } from '../cli.ts';
import type { PrintOptions } from '../options/client-options.ts';
import { Interrupted } from '../interrupted.ts';
import { matchesFilter } from '../../model/message-filter.ts';
import { messageLine } from '../terminal/message-columns.ts';
import type { PoolClient } from './pool-client.ts';
import { note, stdoutStyle } from '../terminal/print.ts';
import { localZone } from '../terminal/times.ts';

/** Of so many messages we remember what was printed, to print nothing twice after a reset or a reconnect. */
const rememberedMax = 20_000;
const pageMax = 1_000;

interface Options extends PrintOptions {
  readonly limit: number;
  readonly quiet?: true;
}

/** The newest `limit` messages, oldest first, then every change until Ctrl-C. Always ends by Interrupted. */
export async function followMessages(
  cli: Cli,
  client: PoolClient,
  filter: MessageFilter,
  options: Options,
): Promise<void> {
  const print = printerOf(cli, options);
  const signal = cli.stopSignal();
  const read = async (): Promise<void> => {
    const query = { ...filter, limit: Math.min(options.limit, pageMax) };
    const { messages } = await client.ask({ path: '/api/v1/messages', query }, messagePageSchema);
    messages.toReversed().forEach(print);
  };
  let isFirst = true;
  for await (const event of client.follow(signal, (why) =>
    note(cli, `watchkeeper: ${why}; connecting again`),
  )) {
    // The first event tells the place in the journal; what is read after it cannot miss what comes behind it.
    if (isFirst) await read();
    else if (event.type === 'reset') {
      note(cli, 'watchkeeper: some changes were missed; reading anew');
      await read();
    }
    isFirst = false;
    if (event.type === 'messages')
      event.messages.filter((message) => matchesFilter(message, filter)).forEach(print);
  }
  throw new Interrupted();
}

function printerOf(cli: Cli, { json, quiet, ...options }: Options): (message: MessageView) => void {
  const style = stdoutStyle(cli, options);
  const zone = localZone();
  const printed = new Map<string, string>();
  return (message) => {
    const { id, state, owner, annotations } = message;
    const version = `${state} ${owner} ${annotations}`;
    if (printed.get(id) === version) return;
    printed.delete(id);
    printed.set(id, version);
    const [oldest] = printed.keys();
    if (printed.size > rememberedMax && oldest !== undefined) printed.delete(oldest);
    cli.stdout.write(
      json ? `${JSON.stringify(message)}\n` : quiet ? `${id}\n` : messageLine(message, style, zone),
    );
  };
}
