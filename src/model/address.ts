import { z } from 'zod';

/** Where something listens. */
export interface Address {
  readonly host: string;
  /** 0 to 65535; 0 asks the system for a free one. */
  readonly port: number;
}

/** `HOST:PORT`, an IPv6 address in brackets; null for anything else. */
export function parseAddress(text: string): Address | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  if (!match) return null;
  const port = Number(match[3]);
  return port <= 65_535 ? { host: match[1] ?? match[2] ?? '', port } : null;
}

export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True for the addresses that mean "all of this machine's", which nobody can connect to. */
export function isEveryAddress({ host }: Address): boolean {
  return /^(?:0\.0\.0\.0|[0:]+)$/.test(host);
}

export const addressSchema: z.ZodType<Address, string> = z.string().transform((text, context) => {
  const address = parseAddress(text);
  if (address !== null) return address;
  context.addIssue({
    code: 'custom',
    message: 'must be HOST:PORT, like 192.0.2.7:7100 or [2001:db8::7]:7100',
  });
  return z.NEVER;
});
