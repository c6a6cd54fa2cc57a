import type { Command } from '@commander-js/extra-typings';
import { messageDetailSchema, type MessageDetail, type OperationView } from '../../model/api.ts';
import type { ActionView, OfferedAction } from '../../model/action-api.ts';
import type { MessageSharing, SharedTo } from '../../model/sharing.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { messageIdArgument } from '../options/message-id-argument.ts';
import { printJson, printPairs, stdoutStyle } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from '../asking/target.ts';
import { localZone, timeText } from '../terminal/times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<ID>', 'the message', messageIdArgument)
    .action((id, options) => run(cli, id, options));
}

async function run(cli: Cli, id: string, options: ClientOptions & PrintOptions): Promise<void> {
  const client = await openClient(cli, options);
  const detail = await client.ask({ path: `/api/v1/messages/${id}` }, messageDetailSchema);
  if (options.json) return printJson(cli, detail);
  const nowMs = (await cli.runtime()).clock.wallMs();
  const zone = localZone();
  const when = (ms: number): string => timeText(ms, nowMs, zone);
  const severity = stdoutStyle(cli, options).severity(detail.message.severity);
  printPairs(cli, pairsOf(detail, when, severity));
  for (const operation of detail.operations) cli.stdout.write(operationText(operation, when(operation.atMs)));
}

function pairsOf(
  { message, messageGroup, sharing, offered, actions = [] }: MessageDetail,
  when: (ms: number) => string,
  severity: string,
): (readonly [string, string])[] {
  const { id, text, state, owner, nodeName, node, createdMs, receivedMs, attributes = {} } = message;
  const optional = (['application', 'object', 'group', 'key', 'source'] as const).flatMap((name) => {
    const value = message[name];
    return value === undefined ? [] : [[name, safeText(value)] as const];
  });
  return [
    ['id', id],
    ['severity', severity],
    ['text', safeText(text)],
    ['state', state],
    ['owner', safeText(owner ?? 'nobody')],
    ['node', `${safeText(nodeName)} (${node})`],
    ...optional,
    ...(messageGroup ? [['about the group', groupText(messageGroup)] as const] : []),
    ...Object.entries(attributes).map(
      ([name, value]) => [`attribute ${safeText(name)}`, safeText(value)] as const,
    ),
    ['made', when(createdMs)],
    ['received', when(receivedMs)],
    ...(sharing ? sharingPairs(sharing, when) : []),
    ...actions.toReversed().map(actionPair),
    ...(offered ? [['offered', offeredText(offered)] as const] : []),
  ];
}

function groupText({ isDefined, description, contact }: NonNullable<MessageDetail['messageGroup']>): string {
  if (!isDefined) return 'not defined';
  const tell = contact === null ? [] : [`tell ${contact}`];
  return safeText([...(description === null ? [] : [description]), ...tell].join('; ') || 'defined');
}

function offeredText({ policy, tool, nodeName, whyNot }: OfferedAction): string {
  const what = `${tool === null ? 'a command' : `tool ${tool}`} on ${nodeName}, by policy ${policy}`;
  return safeText(`${what}; ${whyNot === null ? 'message act does it' : `not for you now: ${whyNot}`}`);
}

function actionPair({ tool, nodeName, by, state, because, id }: ActionView): readonly [string, string] {
  return ['action', safeText(`${tool} on ${nodeName}, by ${by}: ${state} (${because}), ${id}`)];
}

function sharingPairs(
  { from, to, control }: MessageSharing,
  when: (ms: number) => string,
): (readonly [string, string])[] {
  const shareOf = ({ share, acknowledge }: Pick<SharedTo, 'share' | 'acknowledge'>): string =>
    share === 'control' ? 'with control' : acknowledge ? 'for notice, may be acknowledged' : 'for notice';
  const names = new Map([...to, ...(from ? [from] : [])].map(({ pool, poolName }) => [pool, poolName]));
  const state = (one: SharedTo): string => (one.text === null ? one.state : `${one.state}: ${one.text}`);
  return [
    ...(from
      ? [['came from', safeText(`pool ${from.poolName}, ${shareOf(from)}: ${from.because}`)] as const]
      : []),
    ...to.map((one) => {
      const where = `pool ${one.poolName} (${one.server}), ${shareOf(one)}, ${when(one.atMs)}`;
      return [
        'shared with',
        safeText(`${where}, ${one.void ? 'void' : state(one)}: ${one.because}`),
      ] as const;
    }),
    ['control', control === null ? 'this pool' : safeText(`pool ${names.get(control) ?? control}`)],
  ];
}

function operationText({ kind, by, text, decision }: OperationView, when: string): string {
  const note = text === undefined ? '' : `: ${safeText(text)}`;
  const role = decision
    ? `, as ${decision.role} epoch ${decision.epoch}${decision.void ? ', void' : ''}`
    : '';
  return `${when}  ${kind} by ${safeText(by)}${role}${note}\n`;
}
