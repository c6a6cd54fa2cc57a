import { Option, type Command } from '@commander-js/extra-typings';
import { createApiToken } from '../../security/api-token.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { durationOption } from '../options/duration-option.ts';
import { collectName, nameOption } from '../options/name-option.ts';
import { printJson } from '../terminal/print.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

type Options = {
  readonly name: string;
  readonly valid?: number;
  readonly role?: string[];
  readonly config: string;
  readonly json?: true;
};

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper token create --name nightly-report --valid 90d --config m1.yaml > token
  WK_TOKEN_FILE=token WK_AUTHORITY=authority.pem watchkeeper message list --server https://wk1:7100

The token is shown only now. It stands for its name in everything it does to messages. What it may do is what its
roles say.
`,
    )
    .addOption(configOption())
    .addOption(new Option('--name <NAME>', 'what it is for').argParser(nameOption).makeOptionMandatory())
    .option('--valid <DURATION>', 'for how long (default: until it is revoked)', durationOption)
    .addOption(
      new Option(
        '--role <NAME>',
        'a user role that it has; may be given several times (default: observer)',
      ).argParser(collectName),
    )
    .option('--json', 'print one JSON document')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, { name, valid, role, config, json }: Options): Promise<void> {
  const validMs = valid ?? null;
  const roles = [...new Set(role ?? ['observer'])];
  const token = await withCoordinator(cli, config, ({ runtime, coordination }) =>
    createApiToken({ coordination, ...runtime }, { name, validMs, roles }),
  );
  if (json) printJson(cli, { token, name, validMs, roles });
  else cli.stdout.write(`${token}\n`);
}
