import { etcdHostName, type EtcdFilePaths } from './etcd-files.ts';

export interface EtcdMember {
  readonly poolId: string;
  /** The name of the member: the core ID of its server. */
  readonly name: string;
  /** `HOST:PORT` */
  readonly client: string;
  readonly peer: string;
  readonly files: EtcdFilePaths;
}

/** Machines in one place; an election then costs 0.9 s of writes instead of 2 s, less than any lease. */
const electionMs = 500;
const heartbeatMs = 50;
/** etcd stops all writes beyond this. Sessions are rewritten twice a second each, and compacted after an hour. */
const quotaBytes = 2 * 1_024 ** 3;

/** etcd's configuration in its environment variables: its configuration file knows less than its options do. */
export function etcdEnvironment({ poolId, name, client, peer, files }: EtcdMember): Record<string, string> {
  const [clientUrl, peerUrl] = [`https://${client}`, `https://${peer}`];
  const hostName = etcdHostName(poolId);
  return {
    ETCD_NAME: name,
    ETCD_DATA_DIR: files.data,
    ETCD_LISTEN_CLIENT_URLS: clientUrl,
    ETCD_ADVERTISE_CLIENT_URLS: clientUrl,
    ETCD_LISTEN_PEER_URLS: peerUrl,
    ETCD_INITIAL_ADVERTISE_PEER_URLS: peerUrl,
    ETCD_INITIAL_CLUSTER: `${name}=${peerUrl}`,
    ETCD_INITIAL_CLUSTER_TOKEN: poolId,
    ETCD_INITIAL_CLUSTER_STATE: 'new',
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
    ETCD_PEER_CERT_FILE: files.cert,
    ETCD_PEER_KEY_FILE: files.key,
    ETCD_PEER_TRUSTED_CA_FILE: files.ca,
    ETCD_PEER_CLIENT_CERT_AUTH: 'true',
    ETCD_PEER_CERT_ALLOWED_HOSTNAME: hostName,
    ETCD_LOGGER: 'zap',
    ETCD_LOG_OUTPUTS: 'stderr',
  };
}

export function environmentText(environment: Readonly<Record<string, string>>): string {
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return `# Written by Watchkeeper at every start of its keeper: changes are lost.\n${lines.join('\n')}\n`;
}
