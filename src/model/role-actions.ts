/** What decides whether a role can go to a server; the server that is asked, the command line and the console share it. */
export interface MoveFacts {
  readonly role: string;
  /** Name of the server that it is pinned to; null where it is not. */
  readonly pinnedTo: string | null;
  readonly isHolder: boolean;
  readonly server: {
    readonly name: string;
    readonly online: boolean;
    readonly healthy: boolean;
    /** Why it is not healthy. */
    readonly because: string;
    /** It said that it has no means to carry this virtual interface. */
    readonly cannotCarry?: boolean;
  };
}

/** What decides whether the holder of a role may be killed to see the others take over. */
export interface DrillFacts {
  readonly role: string;
  /** Name of the holder; null while nobody holds it. */
  readonly holder: string | null;
  readonly pinnedTo: string | null;
  readonly isMoving: boolean;
  readonly atRisk: { readonly is: boolean; readonly because: string };
  readonly coordinator: {
    readonly reachable: boolean;
    readonly doubt: string | null;
    readonly waiting: boolean;
  };
  readonly servers: readonly {
    readonly name: string;
    readonly online: boolean;
    readonly healthy: boolean;
    /** Entries that it lacks; null where that is not known. */
    readonly lagEntries: number | null;
    readonly version: string | null;
  }[];
}

/** More than what is on its way at any moment of a busy pool. */
const lagEntriesMax = 200;

/** Whether a drill is safe: nothing may be lost by it, and somebody has to be there who takes over. Else why not. */
export function roleCanDrill(facts: DrillFacts): true | string {
  const { role, holder, pinnedTo, isMoving, atRisk, coordinator, servers } = facts;
  if (holder === null) return `nobody holds ${role} now; there is nobody to take it from`;
  if (pinnedTo !== null) return `role ${role} is pinned to ${pinnedTo}; run role unpin ${role} first`;
  if (isMoving) return `role ${role} is being moved; try again when it is there`;
  if (!coordinator.reachable) return 'the coordinator does not answer, so nobody could take over';
  if (coordinator.doubt !== null || coordinator.waiting)
    return 'no role is taken until the coordinator is confirmed (pool confirm)';
  if (atRisk.is) return `the pool is at risk already: ${atRisk.because}`;
  const others = servers.filter(({ name }) => name !== holder);
  const away = others.find(({ online, healthy }) => !online || !healthy);
  if (away !== undefined)
    return `${away.name} is ${away.online ? 'not healthy' : 'offline'}; a drill begins with a pool that is whole`;
  if (others.length === 0) return 'there is no other server that could take over';
  const late = others.find(({ lagEntries }) => (lagEntries ?? 0) > lagEntriesMax);
  if (late !== undefined)
    return `${late.name} is ${late.lagEntries} entries behind; try again when it has them`;
  if (new Set(servers.map(({ version }) => version)).size > 1)
    return 'the servers run different versions; finish the upgrade first';
  return true;
}

/** Whether a role may be moved to that server, else why not and what to do; `there already` of its holder. */
export function roleCanMove({ role, pinnedTo, isHolder, server }: MoveFacts): true | string {
  const { name, online, healthy, because, cannotCarry = false } = server;
  if (pinnedTo !== null && pinnedTo !== name)
    return `role ${role} is pinned to ${pinnedTo}; run role unpin ${role} first`;
  if (!online) return `server ${name} is offline and cannot take role ${role}`;
  if (isHolder) return 'there already';
  if (!healthy) return `server ${name} is not healthy (${because}) and cannot take role ${role}`;
  if (cannotCarry)
    return `server ${name} cannot carry ${role}: its log says which interface or right is missing`;
  return true;
}
