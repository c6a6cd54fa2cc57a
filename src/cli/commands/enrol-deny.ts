import type { Command } from '@commander-js/extra-typings';
import { decideEnrolment } from '../../security/approval.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../config-option.ts';
import { note, printJson } from '../print.ts';
import { withCoordinator } from '../with-coordinator.ts';

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText('before', 'Says no to one who waits; its token is used up.\n')
    .argument('<NAME>', 'its name, or its core ID as `enrol list` prints it')
    .addOption(configOption())
    .option('--json', 'print one JSON document')
    .action((name, options) => run(cli, name, options));
}

async function run(
  cli: Cli,
  name: string,
  { config: path, json }: { readonly config: string; readonly json?: true },
): Promise<void> {
  const request = await withCoordinator(cli, path, ({ config, coordination }) =>
    decideEnrolment(coordination, name, 'denied', `command line on ${config.server.name}`),
  );
  if (json) return printJson(cli, request);
  note(cli, `${request.kind} ${request.name} stays out`);
}
