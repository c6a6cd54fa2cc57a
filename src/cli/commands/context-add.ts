import { Option, type Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { collectUrl } from '../options/client-options.ts';
import { readContexts, writeContexts } from '../asking/contexts.ts';
import { nameOption } from '../options/name-option.ts';
import { note } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';

type Options = {
  readonly server: string[];
  readonly identity?: string;
  readonly tokenFile?: string;
  readonly authority?: string;
};

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper context add north --server https://wk1:7100 --server https://wk2:7100 --identity ann.pem
`,
    )
    .argument('<NAME>', 'what to call the pool', nameOption)
    .addOption(
      new Option('--server <URL>', 'a server or virtual interface; may be given several times')
        .argParser(collectUrl)
        .makeOptionMandatory(),
    )
    .option('--identity <FILE>', 'your certificate and key')
    .option('--token-file <FILE>', 'a file with an API token')
    .option('--authority <FILE>', "the pool's authority, where there is no identity")
    .action((name, options) => run(cli, name, options));
}

async function run(cli: Cli, name: string, { server: servers, ...named }: Options): Promise<void> {
  const { files } = await cli.runtime();
  const paths = Object.fromEntries(
    Object.entries(named).map(([key, path]) => [key, resolvePath(cli, path)] as const),
  );
  const { current, contexts } = await readContexts(files, cli);
  await writeContexts(files, cli, {
    current: current ?? name,
    contexts: { ...contexts, [name]: { servers, ...paths } },
  });
  note(cli, `context ${name} ${Object.hasOwn(contexts, name) ? 'was replaced' : 'was added'}`);
}
