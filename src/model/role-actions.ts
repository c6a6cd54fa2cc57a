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
