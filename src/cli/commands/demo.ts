import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { drillText, isGood, runDrill } from '../demo/drill/run-drill.ts';
import { makePresenter } from '../demo/presenter.ts';
import { showDemo, withDemo, type RunningDemo } from '../demo/run-demo.ts';
import { note, printJson } from '../terminal/print.ts';
import { isColored } from '../terminal/style.ts';

type Options = {
  readonly data?: string;
  readonly drill?: true;
  readonly everything?: true;
  readonly json?: true;
};

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper demo
  watchkeeper demo --data ~/watchkeeper-demo
  watchkeeper demo --drill --json
`,
    )
    .description(
      'A pool of three servers and three agents on this machine, in processes of their own, with a live picture of it. Ends and cleans up at Ctrl-C.',
    )
    .option('--data <DIR>', 'keep everything in this folder (one that is empty or not there yet)')
    .option('--drill', 'kill the acting server under load, let it come back, and count what was lost')
    .option('--everything', 'with --drill: kill its keeper too, so that the lease has to run out')
    .option('--json', 'with --drill: print one JSON document')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, options: Options): Promise<void> {
  const say = (text: string): void => note(cli, text);
  await withDemo(cli, { data: options.data, say }, async (demo) => {
    if (options.drill) return drill(cli, demo, options);
    cli.stdout.write(`watchkeeper demo ready\nThe console: ${demo.consoleUrl}\n`);
    const presenter = makePresenter(cli.stdout, isColored(cli.environment, cli.stdout, 'auto'));
    const ending =
      options.data === undefined ? 'everything is removed then' : `everything stays in ${options.data}`;
    try {
      await showDemo(demo, presenter, ending);
    } finally {
      presenter.close();
    }
  });
}

async function drill(cli: Cli, demo: RunningDemo, options: Options): Promise<void> {
  const say = (text: string): void => note(cli, text);
  if (!options.json) cli.stdout.write('watchkeeper demo ready\n');
  const report = await runDrill(demo, { everything: options.everything === true, say });
  if (report === null) return;
  if (options.json) printJson(cli, report);
  else cli.stdout.write(drillText(report));
  if (!isGood(report)) cli.exitCode = 1;
}
