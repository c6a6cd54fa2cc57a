import type { NodeView, PoolStatus } from '../../../src/model/api.ts';
import { actingRole, virtualInterfacePrefix } from '../../../src/model/definitions.ts';

type Member = PoolStatus['members'][number];
type Role = PoolStatus['roles'][number];

/** One server with all that is drawn on it. */
export interface ServerFacts {
  readonly member: Member;
  readonly roles: readonly RoleFacts[];
  /** Agents that came by the server's own address. */
  readonly directAgents: readonly string[];
}

export interface RoleFacts {
  readonly role: Role;
  readonly title: string;
  readonly isActing: boolean;
  /** Names of the agents that are connected through this virtual interface. */
  readonly agents: readonly string[];
}

export interface PoolFacts {
  readonly servers: readonly ServerFacts[];
  readonly unheld: readonly RoleFacts[];
  readonly lostAgents: readonly string[];
}

/** Who holds what, and who is connected where, as one picture; everything stands in it exactly once. */
export function poolFacts(status: PoolStatus, nodes: readonly NodeView[]): PoolFacts {
  const known = new Set(status.members.map(({ coreId }) => coreId));
  const connected = nodes.filter(({ connectedTo }) => connectedTo !== null);
  const roles = status.roles.map((role): RoleFacts => {
    const via = role.role.startsWith(virtualInterfacePrefix) ? roleTitle(role.role) : null;
    return {
      role,
      title: roleTitle(role.role),
      isActing: role.role === actingRole,
      agents: via === null ? [] : namesOf(connected.filter((node) => node.via === via)),
    };
  });
  const interfaces = new Set(roles.filter(({ isActing }) => !isActing).map(({ title }) => title));
  return {
    servers: status.members
      .toSorted((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1))
      .map((member) => ({
        member,
        roles: roles.filter(({ role }) => role.holder === member.coreId),
        directAgents: namesOf(
          connected.filter(
            ({ connectedTo, via }) => connectedTo === member.name && (via === null || !interfaces.has(via)),
          ),
        ),
      })),
    unheld: roles.filter(({ role }) => role.holder === null || !known.has(role.holder)),
    lostAgents: namesOf(nodes.filter(({ connectedTo }) => connectedTo === null)),
  };
}

/** `acting`, or the name of the virtual interface. */
export function roleTitle(role: string): string {
  return role.startsWith(virtualInterfacePrefix) ? role.slice(virtualInterfacePrefix.length) : role;
}

function namesOf(nodes: readonly NodeView[]): string[] {
  return nodes.map(({ name }) => name).sort();
}
