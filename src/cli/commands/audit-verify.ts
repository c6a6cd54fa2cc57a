import type { Command } from '@commander-js/extra-typings';
import { poolStatusSchema } from '../../model/api.ts';
import { auditVerdictSchema, type AuditVerdict } from '../../model/audit.ts';
import { textOf, WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { compareTrails } from '../machine/compare-trails.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';

const notWholeExit = 1;

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Every server checks its own copy of every server's trail, and the copies are compared. What was removed or changed is
named with its server and number, and the exit code is 1. A server that does not answer is said, and is no fault.
`,
    )
    .action((options) => run(cli, options));
}

async function run(cli: Cli, options: ClientOptions & PrintOptions): Promise<void> {
  const { members } = await (await openClient(cli, options)).ask({ path: '/api/v1/pool' }, poolStatusSchema);
  const verdicts: AuditVerdict[] = [];
  const silent: string[] = [];
  for (const { name, url } of members)
    try {
      const client = await openClient(cli, { ...options, server: [url] });
      verdicts.push(await client.ask({ path: '/api/v1/audit/verify' }, auditVerdictSchema));
    } catch (error) {
      silent.push(`${name}: ${textOf(error)}`);
    }
  if (verdicts.length === 0) throw new WatchError('WK_UNREACHABLE', silent.join('; '));
  const faults = compareTrails(verdicts);
  if (faults.length > 0) cli.exitCode = notWholeExit;
  if (options.json) return printJson(cli, { whole: faults.length === 0, faults, silent, verdicts });
  for (const text of silent) note(cli, `not asked: ${text}`);
  for (const fault of faults) cli.stdout.write(`${fault}\n`);
  const records = Math.max(
    ...verdicts.map(({ chains }) => chains.reduce((sum, { records: count }) => sum + count, 0)),
  );
  if (faults.length === 0)
    cli.stdout.write(
      `the audit trail is whole: ${records} records, the same on ${verdicts.length} servers\n`,
    );
}
