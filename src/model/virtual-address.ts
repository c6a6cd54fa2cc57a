/** An address that moves between servers: one host's, so always /32 or /128. */
export interface VirtualAddress {
  /** As the kernel prints it: IPv6 compressed and in small letters. */
  readonly address: string;
  readonly family: 4 | 6;
}

const notForOneHost = /^(?:0\.|127\.|169\.254\.|22[4-9]\.|2[3-5]\d\.|::1?$|ff|fe[89ab])/;

/** `10.0.0.50`, `10.0.0.50/32`, `fd00::50` or `fd00::50/128`; for anything else the reason why not. */
export function parseVirtualAddress(text: string): VirtualAddress | { readonly problem: string } {
  const [host = '', prefix, ...rest] = text.split('/');
  const address = canonicalAddress(host);
  if (address === null || rest.length > 0)
    return { problem: 'must be an IPv4 or IPv6 address, like 10.0.0.50/32 or fd00::50/128' };
  const family = address.includes(':') ? 6 : 4;
  const bits = family === 4 ? '32' : '128';
  if (prefix !== undefined && prefix !== bits)
    return { problem: `must end in /${bits}: a wider prefix would tie it to another address of its network` };
  if (notForOneHost.test(address) || address === '255.255.255.255')
    return { problem: `cannot be ${address}, which means the same on every host or stays on one link` };
  return { address, family };
}

export function prefixed({ address, family }: VirtualAddress): string {
  return `${address}/${family === 4 ? 32 : 128}`;
}

/** Null for what is not an address. The URL parser knows all the ways to write one. */
export function canonicalAddress(host: string): string | null {
  const isIpv4 = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host) && !/(?:^|\.)0\d/.test(host);
  const isIpv6 = /^[0-9a-fA-F:.]+$/.test(host) && host.includes(':');
  if (!isIpv4 && !isIpv6) return null;
  try {
    return new URL(`http://${isIpv6 ? `[${host}]` : host}`).hostname.replaceAll(/[[\]]/g, '');
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
