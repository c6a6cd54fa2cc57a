import { InvalidArgumentError } from '@commander-js/extra-typings';
import { look, runProgram } from '../../carriers/network-commands.ts';
import { ttlMsMinWithoutGate } from '../../carriers/fitness.ts';
import type { Coordination } from '../../coordination/coordination.ts';
import { parseAddress } from '../../model/address.ts';
import { deviceOf, type AddressCarrierDefinition } from '../../model/carrier.ts';
import {
  keys,
  networkInterfaceSchema,
  roleDefinitionSchema,
  serverDefinitionSchema,
  type RoleDefinition,
} from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import { parseVirtualAddress } from '../../model/virtual-address.ts';
import type { ServerConfig } from '../../server/config.ts';
import type { Cli } from '../cli.ts';
import { note } from '../terminal/print.ts';
import type { Local } from '../machine/with-coordinator.ts';

/** How the address follows the role. */
export const carrierKinds = ['listen', 'address', 'load-balancer'] as const;

export interface CarrierOptions {
  readonly carrier: (typeof carrierKinds)[number];
  readonly address: string;
  readonly interface: readonly string[];
  readonly port?: number;
}

/** What `--carrier`, `--address`, `--interface` and `--port` mean together. Throws WK_BAD_REQUEST and WK_NOT_FOUND. */
export async function carrierOf(
  options: CarrierOptions,
  { coordination, config }: Local,
): Promise<NonNullable<RoleDefinition['carrier']>> {
  if (options.carrier === 'address') return addressCarrier(options, coordination, config);
  if (options.interface.length > 0 || options.port !== undefined)
    throw new WatchError('WK_BAD_REQUEST', '--interface and --port belong to --carrier address');
  const address = parseAddress(options.address);
  if (address === null || address.port === 0)
    throw new WatchError('WK_BAD_REQUEST', '--address must be HOST:PORT, like 192.0.2.7:7100');
  return { kind: options.carrier, ...address };
}

async function addressCarrier(
  { address: text, interface: named, port }: CarrierOptions,
  coordination: Coordination,
  config: ServerConfig,
): Promise<AddressCarrierDefinition> {
  const found = parseVirtualAddress(text);
  if ('problem' in found) throw new WatchError('WK_BAD_REQUEST', `--address ${found.problem}`);
  const plain = named.filter((one) => !one.includes('='));
  const [everywhere] = plain;
  if (everywhere === undefined || plain.length > 1)
    throw new WatchError(
      'WK_BAD_REQUEST',
      'name the network interface once for all servers (--interface eth0), and again where it differs (--interface SERVER=eth1)',
    );
  const interfaces: Record<string, string> = {};
  for (const one of named.filter((each) => each.includes('='))) {
    const [server = '', device = ''] = one.split('=');
    interfaces[await coreIdOf(coordination, server)] = device;
  }
  const { address } = found;
  await assertUnused(coordination, address);
  return {
    kind: 'address',
    address,
    port: port ?? config.listen.port,
    interface: everywhere,
    interfaces,
  };
}

async function coreIdOf(coordination: Coordination, name: string): Promise<string> {
  const [coreId = ''] = await coreIdsOf(coordination, [name]);
  return coreId;
}

/** WK_NOT_FOUND with the names that there are. */
export async function coreIdsOf(coordination: Coordination, names: readonly string[]): Promise<string[]> {
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

/** An address that two roles share could be on two hosts, each in the right. */
async function assertUnused(coordination: Coordination, address: string): Promise<void> {
  for (const { value } of (await coordination.list(keys.roles)).items) {
    const { role, carrier } = roleDefinitionSchema.parse(JSON.parse(value));
    if (carrier?.kind === 'address' && carrier.address === address)
      throw new WatchError('WK_CONFLICT', `${address} is the address of ${role} already`);
  }
}

/**
 * What can be seen from here of whether this server can carry it: WK_NOT_FOUND for an interface that it does not have, a
 * warning where nftables is missing. The other servers say the same of themselves in `pool status`.
 */
export async function checkHere(
  cli: Cli,
  carrier: NonNullable<RoleDefinition['carrier']>,
  { runtime, config }: Local,
): Promise<void> {
  if (carrier.kind !== 'address') return;
  const { devices, result } = await look(runtime.commands);
  const device = deviceOf(carrier, config.server.coreId);
  if (devices === undefined) {
    const why = result.kind === 'done' ? 'no answer' : result.why;
    note(cli, `note: whether ${device} is there cannot be seen without \`ip\` (package iproute2): ${why}`);
  } else if (!devices.some(({ name }) => name === device)) {
    throw new WatchError(
      'WK_NOT_FOUND',
      `there is no network interface ${device} on ${config.server.name}; there are: ` +
        devices.map(({ name }) => name).join(', '),
    );
  }
  const { result: nft } = await runProgram(runtime.commands, 'nft', ['--version']);
  if (nft.kind === 'missing')
    note(
      cli,
      `warning: nftables is not installed here; without it an address needs a lease of ${ttlMsMinWithoutGate / 1_000} s ` +
        'and may be a second late in leaving a frozen host (package nftables)',
    );
}

export function interfaceOption(text: string, before: readonly string[]): string[] {
  const device = text.split('=').at(-1) ?? '';
  const parsed = networkInterfaceSchema.safeParse(device);
  if (parsed.success && text.split('=').length <= 2) return [...before, text];
  throw new InvalidArgumentError('It must be a network interface, like eth0, or SERVER=eth1.');
}

export function portOption(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a port from 1 to 65535.');
}
