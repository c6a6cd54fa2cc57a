import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { planDocument, printPlan } from '../asking/config.ts';
import { partialExit } from '../exit-codes.ts';
import { planFolder } from '../files/plan-folder.ts';
import { printJson, stdoutStyle } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<DIR>', 'the folder')
    .option('--no-prune', 'leave aside what only the pool has')
    .addHelpText(
      'before',
      `Examples:
  watchkeeper config diff ./pool

Shows what \`config apply --prune\` would do. Exits with 7 when the pool is not as the files say.
`,
    )
    .action(async (folder, options) => {
      const client = await openClient(cli, options);
      const plan = await planFolder(cli, client, folder, options.prune ? 'where listed' : 'never');
      if (plan.changes.length > 0) cli.exitCode = partialExit;
      if (options.json) printJson(cli, planDocument(plan));
      else printPlan(cli, plan, stdoutStyle(cli, options));
    });
}
