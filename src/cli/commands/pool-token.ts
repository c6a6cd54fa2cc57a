import { Option, type Command } from '@commander-js/extra-typings';
import { durationText } from '../../model/duration.ts';
import { createJoinToken } from '../../security/join-token.ts';
import { readTrust } from '../../security/trust.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { durationOption } from '../options/duration-option.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

type Options = {
  readonly for: 'server' | 'agent' | 'witness';
  readonly name?: string;
  readonly valid: number;
  readonly config: string;
  readonly json?: true;
};

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper pool token --for agent --name web01 --config m1.yaml
  watchkeeper pool token --for server --valid 10m --config m1.yaml

The token joins one server, agent or witness, once. It is a secret until then; it is shown only now.
`,
    )
    .addOption(configOption())
    .addOption(
      new Option('--for <KIND>', 'what may join with it')
        .choices(['server', 'agent', 'witness'] as const)
        .default('agent' as const),
    )
    .option('--name <NAME>', 'the only name that may join with it', nameOption)
    .option('--valid <DURATION>', 'for how long', durationOption, 3_600_000)
    .option('--json', 'print one JSON document')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, { for: kind, name, valid, config: configPath, json }: Options): Promise<void> {
  const token = await withCoordinator(cli, configPath, async ({ runtime, config, coordination }) => {
    const { trust } = await readTrust(coordination);
    return createJoinToken(
      { coordination, ...runtime },
      {
        pool: config.pool.id,
        // Who joins believes a server by it.
        authorityFingerprint: trust.signsServers,
        for: kind,
        name: name ?? null,
        validMs: valid,
      },
    );
  });
  if (json) return printJson(cli, { token, for: kind, name: name ?? null, validMs: valid });
  cli.stdout.write(`${token}\n`);
  if (cli.stdout.isTerminal)
    note(
      cli,
      `good for one ${kind}${name === undefined ? '' : ` called ${name}`}, for ${durationText(valid)}`,
    );
}
