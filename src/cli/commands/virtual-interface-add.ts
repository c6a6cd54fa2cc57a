import { Option, type Command } from '@commander-js/extra-typings';
import { carrierAddress } from '../../model/carrier.ts';
import { keys, virtualInterfacePrefix, type RoleDefinition } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import {
  carrierKinds,
  carrierOf,
  checkHere,
  coreIdsOf,
  interfaceOption,
  portOption,
  type CarrierOptions,
} from '../options/carrier-options.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { nameOption } from '../options/name-option.ts';
import { note } from '../terminal/print.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

type Options = CarrierOptions & {
  readonly config: string;
  readonly prefer: string[];
  readonly failback: 'manual' | 'automatic';
};

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper virtual-interface add front --address 127.0.0.1:7100 --prefer m1 --config m1.yaml
  watchkeeper virtual-interface add front --carrier address --address 10.0.0.50/32 --interface eth0 --config m1.yaml
  watchkeeper virtual-interface add front --carrier load-balancer --address front.example.net:443 --config m1.yaml
`,
    )
    .argument('<NAME>', 'what to call it', nameOption)
    .addOption(configOption())
    .addOption(
      new Option(
        '--carrier <KIND>',
        'listen: the holder binds the address, on this machine; address: a real address that moves between machines ' +
          '(Linux, nftables); load-balancer: one that asks every server for /healthz/virtual/NAME and sends all to the ' +
          'one that answers 200',
      )
        .choices(carrierKinds)
        .default('listen' as const),
    )
    .requiredOption(
      '--address <ADDRESS>',
      'where agents and people reach it: HOST:PORT; for the carrier address an IP address, like 10.0.0.50/32',
    )
    .option(
      '--interface <NAME>',
      'the network interface for the carrier address; again as SERVER=NAME where a server has another',
      interfaceOption,
      [] as string[],
    )
    .option('--port <PORT>', 'the port for the carrier address; that of this server by default', portOption)
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

async function run(cli: Cli, name: string, options: Options): Promise<void> {
  const { prefer, failback } = options;
  await withCoordinator(cli, options.config, async (local) => {
    const { coordination } = local;
    const carrier = await carrierOf(options, local);
    await checkHere(cli, carrier, local);
    const role = virtualInterfacePrefix + name;
    const definition: RoleDefinition = {
      role,
      order: await coreIdsOf(coordination, prefer),
      failback,
      pinned: null,
      carrier,
    };
    const key = keys.role(role);
    const result = await coordination.transact({
      conditions: [{ key, revision: 0 }],
      writes: [{ key, value: JSON.stringify(definition) }],
    });
    if (!result.done)
      throw new WatchError('WK_CONFLICT', `there is a virtual interface ${name} already; remove it first`);
    const address = carrierAddress(carrier);
    note(cli, `virtual interface ${name} at ${address} is defined; the pool gives it to a server now`);
  });
}

function collect(text: string, before: string[]): string[] {
  return [...before, ...text.split(',')];
}
