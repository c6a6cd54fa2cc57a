import { Option, type Command } from '@commander-js/extra-typings';
import { addressText, type Address } from '../../model/address.ts';
import {
  keys,
  serverDefinitionSchema,
  virtualInterfacePrefix,
  type RoleDefinition,
} from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import type { Coordination } from '../../coordination/coordination.ts';
import { addressOption } from '../address-option.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../config-option.ts';
import { nameOption } from '../name-option.ts';
import { note } from '../print.ts';
import { withCoordinator } from '../with-coordinator.ts';

/** How the address follows the role. */
const carriers = ['listen', 'load-balancer'] as const;

type Options = {
  readonly config: string;
  readonly address: Address;
  readonly prefer: string[];
  readonly failback: 'manual' | 'automatic';
  readonly carrier: (typeof carriers)[number];
};

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper virtual-interface add front --address 127.0.0.1:7100 --prefer m1 --config m1.yaml
  watchkeeper virtual-interface add front --carrier load-balancer --address front.example.net:443 --config m1.yaml
`,
    )
    .argument('<NAME>', 'what to call it', nameOption)
    .addOption(configOption())
    .addOption(
      new Option('--address <HOST:PORT>', 'where agents and people reach it')
        .argParser(addressOption)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--carrier <KIND>',
        'listen: the holder binds the address, on this machine; load-balancer: one that asks every server for ' +
          '/healthz/virtual/NAME and sends all to the one that answers 200',
      )
        .choices(carriers)
        .default('listen' as const),
    )
    .option(
      '--prefer <SERVER>',
      'a server that should hold it, the most wanted first',
      collect,
      [] as string[],
    )
    .addOption(
      new Option(
        '--failback <HOW>',
        'when a preferred server returns: take it back by itself or wait for a person',
      )
        .choices(['manual', 'automatic'] as const)
        .default('manual' as const),
    )
    .action((name, options) => run(cli, name, options));
}

async function run(
  cli: Cli,
  name: string,
  { config, address, prefer, failback, carrier }: Options,
): Promise<void> {
  await withCoordinator(cli, config, async ({ coordination }) => {
    const role = virtualInterfacePrefix + name;
    const definition: RoleDefinition = {
      role,
      order: await coreIdsOf(coordination, prefer),
      failback,
      pinned: null,
      carrier: { kind: carrier, ...address },
    };
    const key = keys.role(role);
    const result = await coordination.transact({
      conditions: [{ key, revision: 0 }],
      writes: [{ key, value: JSON.stringify(definition) }],
    });
    if (!result.done)
      throw new WatchError('WK_CONFLICT', `there is a virtual interface ${name} already; remove it first`);
  });
  note(
    cli,
    `virtual interface ${name} at ${addressText(address)} is defined; the pool gives it to a server now`,
  );
}

async function coreIdsOf(coordination: Coordination, names: readonly string[]): Promise<string[]> {
  const { items } = await coordination.list(keys.servers);
  const servers = items.map(({ value }) => serverDefinitionSchema.parse(JSON.parse(value)));
  return names.map((name) => {
    const found = servers.find((server) => server.name === name);
    if (found) return found.coreId;
    throw new WatchError(
      'WK_NOT_FOUND',
      `there is no server ${name}; there are: ${servers.map((server) => server.name).join(', ')}`,
    );
  });
}

function collect(text: string, before: string[]): string[] {
  return [...before, ...text.split(',')];
}
