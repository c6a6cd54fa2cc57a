import type { AgentDefaults } from '../../model/agent-profile.ts';

export interface NewAgent {
  readonly name: string;
  readonly coreId: string;
  readonly pool: string;
  readonly servers: readonly string[];
  readonly data: string;
  readonly identity: { readonly certificate: string; readonly key: string; readonly authorities: string };
  readonly policies: string;
  /** The pool's defaults; ours where it has none. */
  readonly installation?: AgentDefaults | undefined;
}

/** A new agent's configuration as a commented YAML file that `agentConfigSchema` reads. */
export function agentConfigText(agent: NewAgent): string {
  // JSON strings are YAML strings, whatever is in them.
  const text = (value: string): string => JSON.stringify(value);
  const { buffer, programs, depot } = agent.installation ?? {};
  return `# Configuration of the Watchkeeper agent of the node ${agent.name}.
# Start it with: watchkeeper agent run --config THIS-FILE
# A key that is not known is refused with its line. Paths that are not absolute count from this file's folder.

# Who this is. The IDs stay the same for life; copy them to no other machine.
name: ${text(agent.name)}
coreId: ${text(agent.coreId)}
pool: ${text(agent.pool)}

# Where to look for the pool first. The pool's own list is remembered later.
servers:
${agent.servers.map((url) => `  - ${text(url)}`).join('\n')}

# The folder of the buffer, which keeps messages until the pool has stored them, and of the socket for local senders.
data: ${text(agent.data)}
identity:
  certificate: ${text(agent.identity.certificate)}
  key: ${text(agent.identity.key)}
  authorities: ${text(agent.identity.authorities)}

# A folder of policies, one YAML file each: what to watch.
policies: ${text(agent.policies)}

# When the buffer is full the lowest severity goes first, oldest first, and the gap is reported.
buffer:
  bytesMax: ${buffer?.bytesMax ?? '256MiB'}

# Which programs the pool may run here, as paths with * and ?. Any where it is left out, none where it is empty.
${programs === undefined ? '# programs: [/opt/watchkeeper/plugins/*]' : `programs: ${JSON.stringify(programs)}`}

# Whether files of the pool's depot may be used here: true, false, or a list of SHA-256 sums.
# Where it is left out they may exactly when programs is left out too.
${depot === undefined ? '# depot: { allow: true }' : `depot: { allow: ${JSON.stringify(depot.allow)} }`}
`;
}
