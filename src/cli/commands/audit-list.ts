import { Option, type Command } from '@commander-js/extra-typings';
import { auditOutcomes, auditPageSchema, type AuditView } from '../../model/audit.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { durationOption } from '../options/duration-option.ts';
import { limitOption } from '../options/message-filter-options.ts';
import { note, printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';
import { localTimeText, localZone } from '../terminal/times.ts';

const pageMax = 1_000;

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper audit list --since 1d
  watchkeeper audit list --by ann --action role
  watchkeeper audit list --outcome denied --json
`,
    )
    .option('--by <NAME>', 'what this user or token did')
    .option('--action <WORD>', 'this action, or all that begin with the word and a dot')
    .addOption(new Option('--outcome <OUTCOME>', 'what was allowed, or denied').choices(auditOutcomes))
    .option('--since <DURATION>', 'not older than this', durationOption)
    .option('--limit <COUNT>', 'at most so many', limitOption, 100)
    .action(async ({ by, action, outcome, since, limit, ...options }) => {
      const client = await openClient(cli, options);
      const nowMs = (await cli.runtime()).clock.wallMs();
      const sinceMs = since === undefined ? undefined : Math.max(0, nowMs - since);
      const records: AuditView[] = [];
      let cursor: string | undefined;
      do {
        const query = {
          by,
          action,
          outcome,
          sinceMs,
          cursor,
          limit: Math.min(pageMax, limit - records.length),
        };
        const page = await client.ask({ path: '/api/v1/audit', query }, auditPageSchema);
        records.push(...page.records);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined && records.length < limit);
      if (options.json) return printJson(cli, { records, next: cursor ?? null });
      printTable(cli, records, columnsOf(localZone()), 'there is no such record');
      if (cursor !== undefined) note(cli, `there are more than ${limit}; --limit shows them`);
    });
}

function columnsOf(zone: string): Column<AuditView>[] {
  return [
    { title: 'TIME', value: ({ atMs }) => localTimeText(atMs, zone) },
    { title: 'SERVER', value: ({ server }) => server },
    { title: 'BY', value: ({ by, kind }) => safeText(by === '' ? kind : by) },
    { title: 'FROM', value: ({ from }) => safeText(from) },
    { title: 'OUTCOME', value: ({ outcome }) => outcome },
    { title: 'ACTION', value: ({ action }) => safeText(action) },
    { title: 'WHAT', value: ({ target, detail }) => safeText(`${target} ${detail}`.trim()) },
  ];
}
