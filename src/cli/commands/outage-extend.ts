import { Option, type Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { WatchError } from '../../model/errors.ts';
import { outageSchema } from '../../model/outage.ts';
import { policyDetailSchema } from '../../model/policy-api.ts';
import { changeConfig } from '../asking/config.ts';
import { findOutage } from '../asking/outages.ts';
import { pathOf } from '../asking/policies.ts';
import { openClient } from '../asking/target.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { durationOption } from '../options/duration-option.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { localTimeText, localZone, parseTimeMs } from '../terminal/times.ts';

type Options = ClientOptions & PrintOptions & { readonly by?: number; readonly until?: string };

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'an outage that `watchkeeper outage list` shows', nameOption)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper outage extend web01-20261205-2200 --by 1h
  watchkeeper outage extend move --until 2026-12-06T06:00

Whatever else was said of it stays. An earlier --until ends it earlier. One that is over stays over: add another.
`,
    )
    .addOption(new Option('--by <DURATION>', 'so much longer: 30m, 2h').argParser(durationOption))
    .addOption(new Option('--until <TIME>', 'when it ends: 2026-12-06T06:00, RFC 3339').conflicts('by'))
    .action((name, options) => run(cli, name, options));
}

async function run(cli: Cli, name: string, options: Options): Promise<void> {
  const nowMs = (await cli.runtime()).clock.wallMs();
  const client = await openClient(cli, options);
  const outage = await findOutage(client, name, nowMs);
  if (outage === null) throw new WatchError('WK_NOT_FOUND', `there is no outage ${name}`);
  if (outage.state === 'over')
    throw new WatchError('WK_CONFLICT', `outage ${name} is over; \`watchkeeper outage add\` makes another`);
  const until = new Date(endOf(options, outage.untilMs, nowMs)).toISOString();
  const { source } = await client.ask({ path: pathOf('policies', name) }, policyDetailSchema);
  const content = { ...source, until };
  const { error } = outageSchema.safeParse(content);
  if (error !== undefined)
    throw new WatchError('WK_BAD_REQUEST', z.prettifyError(error).replaceAll('\n', ' '));
  // As it was seen: one that somebody changed meanwhile stays (WK_CONFLICT).
  const change = { kind: 'policy', name, revision: outage.revision, content } as const;
  const revision = await changeConfig(client, { changes: [change], via: 'outage extend' });
  if (options.json) return printJson(cli, { outage: content, revision });
  note(cli, `outage ${name} ends at ${localTimeText(Date.parse(until), localZone())}`);
}

function endOf({ by, until }: Options, untilMs: number, nowMs: number): number {
  if (by !== undefined) return untilMs + by;
  if (until === undefined)
    throw new WatchError('WK_BAD_REQUEST', 'say for how long: --by DURATION or --until TIME');
  const ms = parseTimeMs(until, nowMs, localZone());
  if (ms === null)
    throw new WatchError(
      'WK_BAD_REQUEST',
      `--until ${until} is not a time; write 2026-12-06T06:00, or RFC 3339`,
    );
  return ms;
}
