/** What lies where below a server's data folder when the pool runs its own etcd; all of it for the owner alone. */
export interface EtcdFilePaths {
  readonly folder: string;
  /** The authorities to believe, and this machine's certificate for etcd: as a server, a peer and a client. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Whose certificates etcd takes no more: a list of serial numbers, which it reads at each connection. */
  readonly revoked: string;
  /** `NAME=VALUE` lines: etcd's whole configuration, also for a unit's `EnvironmentFile`. */
  readonly environment: string;
  readonly data: string;
  /** What a member had stored that was taken out of etcd: kept until the next one. */
  readonly removed: string;
  /** Which member runs here, and what it begins with. */
  readonly member: string;
  /** Where the members are, as known last. */
  readonly roster: string;
  /** Says that this machine is to go on alone, with an etcd of its own. */
  readonly alone: string;
  /** Of a witness: where the servers are, and whose certificates they show. */
  readonly servers: string;
  /** What was known of the coordinator last. */
  readonly known: string;
  /** On which terms the member that runs here was started (etcd-terms.ts). */
  readonly terms: string;
  readonly log: string;
  /** The process that was started last. */
  readonly process: string;
}

export function etcdFiles(data: string): EtcdFilePaths {
  const folder = `${data}/etcd`;
  return {
    folder,
    ca: `${folder}/ca.pem`,
    cert: `${folder}/cert.pem`,
    key: `${folder}/key.pem`,
    revoked: `${folder}/revoked.pem`,
    environment: `${folder}/etcd.env`,
    data: `${folder}/data`,
    removed: `${folder}/data.removed`,
    member: `${folder}/member.json`,
    roster: `${folder}/members.json`,
    alone: `${folder}/alone.json`,
    servers: `${folder}/servers.json`,
    known: `${folder}/known.json`,
    terms: `${folder}/terms.json`,
    log: `${folder}/etcd.log`,
    process: `${folder}/process.json`,
  };
}

/**
 * The host name that only certificates for etcd carry. Agents and users have certificates of the same authority, and
 * etcd would let them read and write everything.
 */
export function etcdHostName(poolId: string): string {
  return `etcd.${poolId}`;
}

/** Where a server or a witness of the pool finds etcd with the certificates in its data folder. */
export function managedUrl(endpoints: readonly string[], poolId: string, data: string): string {
  const { ca, cert, key, roster } = etcdFiles(data);
  const files = new URLSearchParams({ ca, cert, key, members: roster });
  return `etcds://${endpoints.join(',')}/watchkeeper/${poolId}?${files.toString()}`;
}

const scheme = 'managed:';

/** What a newcomer is told instead of a URL: the members, whose certificates it makes itself. */
export function managedMembers(endpoints: readonly string[]): string {
  return `${scheme}${endpoints.join(',')}`;
}

/** The endpoints in what `managedMembers` made; null for any other coordinator. */
export function parseManagedMembers(text: string): string[] | null {
  return text.startsWith(scheme) ? text.slice(scheme.length).split(',') : null;
}
