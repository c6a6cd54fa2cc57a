import { etcdHostName, type EtcdFilePaths } from './etcd-files.ts';

export interface EtcdMember {
  readonly poolId: string;
  readonly name: string;
  /** What it begins with where it has no data yet; etcd overlooks it afterwards. */
  readonly begin: Beginning;
  /** `HOST:PORT` */
  readonly client: string;
  readonly peer: string;
  readonly files: EtcdFilePaths;
}

/** `new`: alone, the first of an etcd of its own. `existing`: the others have taken it in. */
export interface Beginning {
  readonly state: 'new' | 'existing';
  /** `NAME=PEER-URL,…` of all members, itself included. */
  readonly cluster: string;
  /** Members of different etcds never talk to each other: each has a token of its own. */
  readonly token: string;
}

/** Machines in one place; an election then costs 0.9 s of writes instead of 2 s, less than any lease. */
const electionMs = 500;
const heartbeatMs = 50;
/** etcd stops all writes beyond this. Sessions are rewritten twice a second each, and compacted after an hour. */
const quotaBytes = 2 * 1_024 ** 3;

/** etcd's configuration in its environment variables: its configuration file knows less than its options do. */
export function etcdEnvironment({
  poolId,
  name,
  begin,
  client,
  peer,
  files,
}: EtcdMember): Record<string, string> {
  const [clientUrl, peerUrl] = [`https://${client}`, `https://${peer}`];
  const hostName = etcdHostName(poolId);
  return {
    ETCD_NAME: name,
    ETCD_DATA_DIR: files.data,
    ETCD_LISTEN_CLIENT_URLS: clientUrl,
    ETCD_ADVERTISE_CLIENT_URLS: clientUrl,
    ETCD_LISTEN_PEER_URLS: peerUrl,
    ETCD_INITIAL_ADVERTISE_PEER_URLS: peerUrl,
    ETCD_INITIAL_CLUSTER: begin.cluster,
    ETCD_INITIAL_CLUSTER_TOKEN: begin.token,
    ETCD_INITIAL_CLUSTER_STATE: begin.state,
    ETCD_STRICT_RECONFIG_CHECK: 'true',
    ETCD_HEARTBEAT_INTERVAL: String(heartbeatMs),
    ETCD_ELECTION_TIMEOUT: String(electionMs),
    ETCD_AUTO_COMPACTION_MODE: 'periodic',
    ETCD_AUTO_COMPACTION_RETENTION: '1h',
    ETCD_QUOTA_BACKEND_BYTES: String(quotaBytes),
    ETCD_CERT_FILE: files.cert,
    ETCD_KEY_FILE: files.key,
    ETCD_TRUSTED_CA_FILE: files.ca,
    ETCD_CLIENT_CERT_AUTH: 'true',
    ETCD_CLIENT_CERT_ALLOWED_HOSTNAME: hostName,
    ETCD_CLIENT_CRL_FILE: files.revoked,
    ETCD_PEER_CERT_FILE: files.cert,
    ETCD_PEER_KEY_FILE: files.key,
    ETCD_PEER_TRUSTED_CA_FILE: files.ca,
    ETCD_PEER_CLIENT_CERT_AUTH: 'true',
    ETCD_PEER_CERT_ALLOWED_HOSTNAME: hostName,
    ETCD_PEER_CRL_FILE: files.revoked,
    // A machine may talk from another of its addresses than the one that its certificate names; the name tells.
    ETCD_EXPERIMENTAL_PEER_SKIP_CLIENT_SAN_VERIFICATION: 'true',
    ETCD_LOGGER: 'zap',
    ETCD_LOG_OUTPUTS: 'stderr',
  };
}

export function environmentText(environment: Readonly<Record<string, string>>): string {
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return `# Written by Watchkeeper at every start of its keeper: changes are lost.\n${lines.join('\n')}\n`;
}
