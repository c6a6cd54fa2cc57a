import { parseEtcdUrl } from '../../coordination/etcd/etcd-url.ts';
import { embeddedPath } from '../../coordination/open.ts';
import type { PrivatePlace } from '../../security/private-files.ts';
import type { ServerConfig } from '../../server/config.ts';

/** Whatever a server and its keeper have on the disk that nobody else may read, or write. */
export function privatePlace(
  config: string,
  { data, coordination }: Pick<ServerConfig, 'data' | 'coordination'>,
): PrivatePlace {
  const embedded = embeddedPath(coordination);
  const key = parseEtcdUrl(coordination)?.files?.key;
  return {
    config,
    data,
    further: [
      ...(embedded === null ? [] : [embedded, `${embedded}-wal`]),
      ...(key === undefined ? [] : [key]),
    ],
  };
}
