import { addressText, parseAddress } from '../../model/address.ts';
import { WatchError } from '../../model/errors.ts';

/** Where the files of a TLS connection lie: the authority to believe, and who we are. */
export interface EtcdFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface EtcdPlace {
  /** `http://HOST:PORT` or `https://HOST:PORT`, in the order in which they are tried. */
  readonly endpoints: readonly string[];
  /** All keys of the pool start with it and a slash. */
  readonly prefix: string;
  /** Null without TLS. */
  readonly files: EtcdFiles | null;
  /** Where the members that etcd lists are remembered, and followed as they change; null: those of the URL for ever. */
  readonly roster: string | null;
}

const examples =
  'etcd://127.0.0.1:2379/watchkeeper/north, or ' +
  'etcds://a:2379,b:2379,c:2379/watchkeeper/north?ca=/PATH/ca.pem&cert=/PATH/me.pem&key=/PATH/me.key';

/** Reads `etcd://…` and `etcds://…`; null for any other scheme. WK_CONFIG for one that is not complete. */
export function parseEtcdUrl(url: string): EtcdPlace | null {
  const [, scheme, authority = '', prefix = '', query = ''] =
    /^(etcds?):\/\/([^/?#]*)\/?([^?#]*)(?:\?([^#]*))?$/.exec(url) ?? [];
  if (scheme === undefined) return null;
  const addresses = authority.split(',').map(parseAddress);
  const endpoints = addresses.flatMap((address) =>
    address === null ? [] : [`${scheme === 'etcds' ? 'https' : 'http'}://${addressText(address)}`],
  );
  if (endpoints.length < addresses.length) throw refusal(url, 'must name its members as HOST:PORT,HOST:PORT');
  // Two pools under one prefix would take each other's keys for their own, so there is no default.
  if (!/^[\w.-]+(?:\/[\w.-]+)*$/.test(prefix) || prefix.length > 256)
    throw refusal(url, "must end with a prefix for this pool's keys");
  const parameters = new URLSearchParams(query);
  const files = filesOf(url, scheme, parameters);
  return { endpoints, prefix, files, roster: rosterOf(url, parameters) };
}

function filesOf(url: string, scheme: string, query: URLSearchParams): EtcdFiles | null {
  const unknown = [...query.keys()].find((name) => !['ca', 'cert', 'key', 'members'].includes(name));
  if (unknown !== undefined) throw refusal(url, `has no parameter ${unknown}`);
  if (scheme === 'etcd') {
    if (query.size > 0) throw refusal(url, 'names certificates, which only etcds:// uses');
    return null;
  }
  const file = (name: string): string => {
    const path = query.get(name) ?? '';
    if (!path.startsWith('/')) throw refusal(url, `must name a file with ${name}=/PATH`);
    return path;
  };
  return { ca: file('ca'), cert: file('cert'), key: file('key') };
}

function rosterOf(url: string, query: URLSearchParams): string | null {
  const path = query.get('members');
  if (path !== null && !path.startsWith('/')) throw refusal(url, 'must name a file with members=/PATH');
  return path;
}

function refusal(url: string, what: string): WatchError {
  return new WatchError('WK_CONFIG', `coordination: ${url} ${what}, for example ${examples}`);
}
