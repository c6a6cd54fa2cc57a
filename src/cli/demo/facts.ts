import type { PoolStatus } from '../../model/api.ts';
import { actingRole, virtualInterfacePrefix } from '../../model/definitions.ts';
import { coreIdOfOrigin } from '../../model/origin.ts';

type Member = PoolStatus['members'][number];
type Role = PoolStatus['roles'][number];

export function actingOf(status: PoolStatus): Role | undefined {
  return status.roles.find((role) => role.role === actingRole);
}

export function virtualInterfacesOf(status: PoolStatus): Role[] {
  return status.roles.filter((role) => role.role.startsWith(virtualInterfacePrefix));
}

/** What is said of a pool that is not at risk. */
export function wellStored(servers: number): string {
  return servers > 1 ? 'everything is stored twice' : 'everything is stored once: the pool has one server';
}

export interface OriginFact {
  readonly origin: string;
  /** Name of the server whose journal it is, and the first digits of its incarnation. */
  readonly label: string;
  /** Highest position that any member has. */
  readonly position: number;
  /** Members that lack something, and how much. */
  readonly behind: readonly { readonly name: string; readonly entries: number }[];
}

/** For every origin how far it is known, and by whom it is not yet. The most telling ones come first. */
export function originFacts(status: PoolStatus): OriginFact[] {
  const known = status.members.filter((member) => member.positions !== null);
  const origins = new Set(known.flatMap((member) => Object.keys(member.positions ?? {})));
  return [...origins]
    .map((origin) => originFact(origin, status, known))
    .sort((a, b) => lag(b) - lag(a) || b.position - a.position);
}

function originFact(origin: string, status: PoolStatus, known: readonly Member[]): OriginFact {
  const at = (member: Member): number => member.positions?.[origin] ?? 0;
  const position = Math.max(0, ...known.map(at));
  const owner = status.members.find((member) => member.coreId === coreIdOfOrigin(origin));
  return {
    origin,
    label: `${owner?.name ?? coreIdOfOrigin(origin).slice(0, 8)}·${origin.slice(37, 41)}`,
    position,
    behind: known
      .filter((member) => at(member) < position)
      .map((member) => ({ name: member.name, entries: position - at(member) })),
  };
}

function lag(fact: OriginFact): number {
  return fact.behind.reduce((sum, { entries }) => sum + entries, 0);
}
