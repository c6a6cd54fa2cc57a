import { createClient, type Client } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import type { Credentials } from '../../runtime/network.ts';
import { Cluster, KV, Maintenance, Watch } from './generated/etcd_pb.ts';

/** etcd cuts whoever pings more often than every 5 s. */
const pings = { pingIntervalMs: 6_000, pingTimeoutMs: 2_500 };

/** One endpoint of etcd, over one HTTP/2 connection that is made when first needed and made again when lost. */
export interface Member {
  readonly endpoint: string;
  readonly kv: Client<typeof KV>;
  readonly watch: Client<typeof Watch>;
  readonly maintenance: Client<typeof Maintenance>;
  readonly cluster: Client<typeof Cluster>;
  /** Ends the connection and every call on it. */
  close(): void;
}

export function connectMember(endpoint: string, credentials: Credentials | undefined): Member {
  const sessionManager = new Http2SessionManager(endpoint, pings, {
    ...(credentials && {
      ca: [...credentials.authorityPems],
      cert: credentials.certificatePem,
      key: credentials.keyPem,
      minVersion: 'TLSv1.2' as const,
    }),
  });
  const transport = createGrpcTransport({ baseUrl: endpoint, sessionManager });
  return {
    endpoint,
    kv: createClient(KV, transport),
    watch: createClient(Watch, transport),
    maintenance: createClient(Maintenance, transport),
    cluster: createClient(Cluster, transport),
    close: () => sessionManager.abort(),
  };
}
