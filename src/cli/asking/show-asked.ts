import type { ActionAnswer, ActionView } from '../../model/action-api.ts';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { partialExit } from '../exit-codes.ts';
import { note, printJson } from '../terminal/print.ts';
import { manyAre } from '../terminal/many.ts';
import { safeText } from '../terminal/safe-text.ts';
import { OutputLines } from './actions.ts';
import { followActions } from './follow-actions.ts';
import type { PoolClient } from './pool-client.ts';

const shownMax = 10;

interface Options {
  readonly json?: true | undefined;
  readonly follow?: true | undefined;
}

/** What was asked of nodes, for whoever asked; with `follow` also what becomes of it, until all have ended. */
export async function showAsked(
  cli: Cli,
  client: PoolClient,
  asked: ActionAnswer,
  options: Options,
): Promise<void> {
  if (options.follow !== true || asked.request === null) return report(cli, asked, options);
  if (options.json) cli.stdout.write(`${JSON.stringify({ type: 'asked', ...asked })}\n`);
  else noteRefused(cli, asked);
  const actions = await followActions(cli, client, asked, options.json ? asJson(cli) : asText(cli, asked));
  const done = actions.filter(({ state }) => state === 'done').length;
  if (done < actions.length + asked.refused.length) cli.exitCode = done === 0 ? 1 : partialExit;
  if (!options.json) note(cli, summaryOf(actions));
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
    note(
      cli,
      `${manyAre(actions.length, 'node')} asked; see \`watchkeeper action list --request ${request}\``,
    );
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
