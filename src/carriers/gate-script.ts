import { unreachable } from '../model/invariant.ts';
import type { Carriage, GateCall, Place } from './address-state.ts';

/**
 * Before everything else that filters, so that nothing of ours is answered, tracked or logged that is not ours to answer.
 */
const priority = -400;
const name = 'watchkeeper';

interface Table {
  readonly family: 'inet' | 'arp' | 'netdev';
  /** Which addresses it can see. */
  readonly sees: readonly (4 | 6)[];
}

const inet: Table = { family: 'inet', sees: [4, 6] };
const arp: Table = { family: 'arp', sees: [4] };
const netdev: Table = { family: 'netdev', sees: [4, 6] };

/**
 * What nftables is told, as one transaction: all of it or nothing. `deviceIndex` gives each interface a number for
 * the name of its chain. Neighbour advertisements need no rule of their own: the kernel sends them from the address.
 */
export function gateScript(call: GateCall, egress: boolean, deviceIndex: (device: string) => number): string {
  const tables = egress ? [inet, arp, netdev] : [inet, arp];
  switch (call.kind) {
    case 'prepare':
      return join(prepare(call.egress ? [inet, arp, netdev] : [inet, arp], call.guard, deviceIndex));
    case 'unguard':
      return join(
        each(tables, call.guard, (table, { family, address }) => [
          `add element ${table} guarded${family} { ${address} }`,
          `delete element ${table} guarded${family} { ${address} }`,
        ]),
      );
    case 'close':
      return join(each(tables, placesOf(call.roles), closeElement));
    case 'ticket':
      return join(
        call.roles.flatMap(({ place }, at) =>
          elements([inet], place, (table, { family, address }) => [
            `add element ${table} ticket${family} { ${address} timeout ${call.timeoutsMs[at]}ms }`,
          ]),
        ),
      );
    case 'open':
      return join(
        call.roles.flatMap(({ place }, at) => [
          `delete element inet ${name} ticket${place.family} { ${place.address} }`,
          ...elements(tables, place, (table, { family, address }) => [
            `add element ${table} open${family} { ${address} timeout ${call.timeoutsMs[at]}ms }`,
          ]),
        ]),
      );
    case 'renew':
      return join(
        call.roles.flatMap(({ place }, at) =>
          elements(tables, place, (table, { family, address }) => [
            `delete element ${table} open${family} { ${address} }`,
            `add element ${table} open${family} { ${address} timeout ${call.timeoutsMs[at]}ms }`,
          ]),
        ),
      );
    default:
      return unreachable(call);
  }
}

/** Empties what may be open and every ticket; refused where the tables were never made. */
export function shutScript(family: Table['family']): string {
  const sets = { inet: ['open4', 'open6', 'ticket4', 'ticket6'], arp: ['open4'], netdev: ['open4', 'open6'] };
  return join(sets[family].map((set) => `flush set ${family} ${name} ${set}`));
}

/** Adds what is missing and leaves the guarded addresses of an earlier run guarded, so that nothing is open meanwhile. */
function prepare(
  tables: readonly Table[],
  guard: readonly Place[],
  deviceIndex: (device: string) => number,
): string[] {
  const commands = tables.flatMap(({ family, sees }) => [
    `add table ${family} ${name}`,
    ...sees.flatMap((bits) => [
      `add set ${family} ${name} guarded${bits} { type ${typeOf(bits)}; }`,
      `add set ${family} ${name} open${bits} { type ${typeOf(bits)}; flags timeout; }`,
    ]),
  ]);
  for (const bits of [4, 6] as const)
    commands.push(`add set inet ${name} ticket${bits} { type ${typeOf(bits)}; flags timeout; }`);
  commands.push(
    ...chain('inet', 'input', 'hook input', [drops('ip daddr', 4), drops('ip6 daddr', 6)]),
    ...chain('inet', 'output', 'hook output', [drops('ip saddr', 4), drops('ip6 saddr', 6)]),
    ...chain('arp', 'output', 'hook output', [drops('arp saddr ip', 4)]),
  );
  if (tables.includes(netdev))
    for (const device of new Set(guard.map((place) => place.device)))
      commands.push(
        ...chain('netdev', `egress${deviceIndex(device)}`, `hook egress device "${device}"`, [
          drops('arp saddr ip', 4),
          drops('ip saddr', 4),
          drops('ip6 saddr', 6),
        ]),
      );
  return [
    ...commands,
    ...each(tables, guard, (table, { family, address }) => [
      `add element ${table} guarded${family} { ${address} }`,
    ]),
  ];
}

function chain(family: Table['family'], chainName: string, hook: string, rules: readonly string[]): string[] {
  return [
    `add chain ${family} ${name} ${chainName} { type filter ${hook} priority ${priority}; }`,
    `flush chain ${family} ${name} ${chainName}`,
    ...rules.map((rule) => `add rule ${family} ${name} ${chainName} ${rule}`),
  ];
}

function drops(field: string, family: 4 | 6): string {
  return `${field} @guarded${family} ${field} != @open${family} drop`;
}

function typeOf(family: 4 | 6): string {
  return family === 4 ? 'ipv4_addr' : 'ipv6_addr';
}

function placesOf(roles: readonly Carriage[]): Place[] {
  return roles.map(({ place }) => place);
}

function closeElement(table: string, { family, address }: Place): string[] {
  const commands = withoutElement(table, `open${family}`, address);
  return table === `inet ${name}`
    ? [...commands, ...withoutElement(table, `ticket${family}`, address)]
    : commands;
}

/** Deleting what is not there fails; what is added first is there, and nobody sees it between the two. */
function withoutElement(table: string, set: string, address: string): string[] {
  return [
    `add element ${table} ${set} { ${address} timeout 1s }`,
    `delete element ${table} ${set} { ${address} }`,
  ];
}

function each(
  tables: readonly Table[],
  places: readonly Place[],
  commands: (table: string, place: Place) => string[],
): string[] {
  return places.flatMap((place) => elements(tables, place, commands));
}

function elements(
  tables: readonly Table[],
  place: Place,
  commands: (table: string, place: Place) => string[],
): string[] {
  return tables
    .filter(({ sees }) => sees.includes(place.family))
    .flatMap(({ family }) => commands(`${family} ${name}`, place));
}

function join(commands: readonly string[]): string {
  return `${commands.join('\n')}\n`;
}
