/** What a new server's file has to name; everything else is written as a comment with its default. */
export interface NewServer {
  readonly pool: { readonly id: string; readonly name: string };
  readonly server: { readonly coreId: string; readonly name: string };
  /** `HOST:PORT` */
  readonly listen: string;
  readonly url: string;
  readonly data: string;
  readonly coordination: string;
  /** With `coordination: managed`: addresses `HOST:PORT` of the members, and of the one that this server runs. */
  readonly etcd?: {
    readonly endpoints: readonly string[];
    readonly run?: { readonly client: string; readonly peer: string; readonly unit?: string };
  };
}

/** A new server's configuration as a commented YAML file that `serverConfigSchema` reads. */
export function serverConfigText(server: NewServer): string {
  // JSON strings are YAML strings, whatever is in them.
  const text = (value: string): string => JSON.stringify(value);
  return `# Configuration of the Watchkeeper server ${server.server.name} in the pool ${server.pool.name}.
# Start it with: watchkeeper server run --config THIS-FILE
# A key that is not known is refused with its line. Durations are written like 500ms, 30s, 5m, 7d, sizes like 64MiB, 4GiB.

# Who this is. The IDs stay the same for life; copy them to no other server.
pool:
  id: ${text(server.pool.id)}
  name: ${text(server.pool.name)}
server:
  coreId: ${text(server.server.coreId)}
  name: ${text(server.server.name)}

# The one address and port for agents, servers, people and scripts, and the address that the others use to reach it.
listen: ${text(server.listen)}
url: ${text(server.url)}

# The folder of the database and of this server's keys.
data: ${text(server.data)}

# Where the pool keeps who is in charge and what is configured: sqlite:/PATH (one machine), etcd://HOST:PORT,…/PREFIX, or managed.
coordination: ${text(server.coordination)}
${server.etcd === undefined ? '' : etcdText(server.etcd)}
# available: when no other server answers within a second, go on with one copy, say "at risk", and catch up.
# strict:    take nothing that could not be stored twice.
durability: available

# How long the journal is kept. An absent server finds what it lacks within keepForAbsent; later it takes a snapshot.
journal:
  keep: 7d
  keepForAbsent:
    age: 30d
    size: 4GiB

# How soon another server takes over: a lost server's roles are free after ttl, the same on every server.
# default: ttl 3s. fast: ttl 1200ms, renewed every 200ms, for one quiet network and disks that commit in far less than 120ms.
# renewEvery, callTimeout, stopBudget and ttl may be set one by one; whether they fit together is checked at start.
lease:
  profile: default

# debug, info, warn or error
logLevel: info
`;
}

function etcdText({ endpoints, run }: NonNullable<NewServer['etcd']>): string {
  const list = endpoints.map((each) => JSON.stringify(each)).join(', ');
  const runs =
    run === undefined
      ? ''
      : `  # What this server runs of it. With unit: NAME.service systemd runs it; without, the keeper does.
  run:
    client: ${JSON.stringify(run.client)}
    peer: ${JSON.stringify(run.peer)}
${run.unit === undefined ? '' : `    unit: ${JSON.stringify(run.unit)}\n`}`;
  return `# The pool's own etcd: where its members answered when this was written; later ones are found by themselves.
etcd:
  endpoints: [${list}]
${runs}`;
}
