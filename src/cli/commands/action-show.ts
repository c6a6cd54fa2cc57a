import type { Command } from '@commander-js/extra-typings';
import { actionDetailSchema, type ActionView, type OutputPiece } from '../../model/action-api.ts';
import { OutputLines } from '../asking/actions.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { messageIdArgument } from '../options/message-id-argument.ts';
import { printJson, printPairs } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from '../asking/target.ts';
import { localZone, timeText } from '../terminal/times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<ID>', 'the action', messageIdArgument)
    .action(async (id, options) => {
      const client = await openClient(cli, options);
      const output: OutputPiece[] = [];
      for (;;) {
        const query = { after: output.at(-1)?.number ?? 0 };
        const detail = await client.ask({ path: `/api/v1/actions/${id}`, query }, actionDetailSchema);
        output.push(...detail.output);
        if (detail.output.length > 0) continue;
        if (options.json) return printJson(cli, { action: detail.action, output });
        const nowMs = (await cli.runtime()).clock.wallMs();
        const zone = localZone();
        printPairs(
          cli,
          pairsOf(detail.action, (ms) => timeText(ms, nowMs, zone)),
        );
        return printOutput(cli, id, output);
      }
    });
}

function pairsOf(action: ActionView, when: (ms: number) => string): (readonly [string, string])[] {
  const { id, request, nodeName, node, tool, command, user, by, from, message, decision } = action;
  const times = [
    ['asked', action.askedMs],
    ['not to begin after', action.deadlineMs],
    ['begun', action.startedMs],
    ['ended', action.endedMs],
  ] as const;
  return [
    ['id', id],
    ['request', request],
    ['node', `${safeText(nodeName)} (${node})`],
    ['tool', safeText(tool)],
    // As JSON, so that it shows where one argument ends.
    ['command', safeText(JSON.stringify(command))],
    ['as', safeText(user ?? "the agent's own user")],
    ['by', `${safeText(by)}, at ${safeText(from)}`],
    ...(message === null ? [] : [['message', message] as const]),
    ...(decision === null ? [] : [['decided by', `${decision.role}, epoch ${decision.epoch}`] as const]),
    ...times.flatMap(([name, ms]) => (ms === null ? [] : [[name, when(ms)] as const])),
    ['state', action.state],
    ['because', safeText(action.because)],
    ...(action.cut ? [['output', 'was longer than is kept, and cut'] as const] : []),
  ];
}

function printOutput(cli: Cli, id: string, output: readonly OutputPiece[]): void {
  const lines = new OutputLines((stream, line) =>
    cli.stdout.write(`${stream === 'stdout' ? '|' : '!'} ${line}\n`),
  );
  for (const piece of output) lines.add(piece, '');
  lines.end(id, '');
}
