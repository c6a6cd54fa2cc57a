import { z } from 'zod';
import { addressText, isEveryAddress, type Address } from './address.ts';
import { canonicalAddress } from './virtual-address.ts';

export const publishedMax = 16;

/** An address of a machine, IPv4 or IPv6, written the one way. */
const machineAddress = z.string().transform((text, context) => {
  const address = canonicalAddress(text.replace(/^\[(.*)\]$/, '$1'));
  if (address !== null) return address;
  context.addIssue({ code: 'custom', message: `${text} is not an IPv4 or IPv6 address` });
  return z.NEVER;
});

export const interfacesRequestSchema = z.discriminatedUnion('kind', [
  /** Exactly these, in this order, in place of the server's own URL. */
  z.strictObject({ kind: z.literal('set'), addresses: z.array(machineAddress).min(1).max(publishedMax) }),
  z.strictObject({ kind: z.literal('add'), addresses: z.array(machineAddress).min(1).max(publishedMax) }),
  z.strictObject({ kind: z.literal('remove'), addresses: z.array(machineAddress).min(1).max(publishedMax) }),
  /** What the server's configuration says, nothing else. */
  z.strictObject({ kind: z.literal('reset') }),
]);
export type InterfacesRequest = z.infer<typeof interfacesRequestSchema>;

export const interfacesAnswerSchema = z
  .object({
    coreId: z.string(),
    name: z.string(),
    /** As set: `ADDRESS` replaces the server's own URL, `+ADDRESS` adds to it, `-ADDRESS` takes away. */
    interfaces: z.array(z.string()),
    /** Where others and agents reach the server, the first one first. */
    addresses: z.array(z.string()),
  })
  .meta({ id: 'ServerInterfaces' });
export type InterfacesAnswer = z.infer<typeof interfacesAnswerSchema>;

type Published = { readonly url: string; readonly interfaces?: readonly string[] | undefined };

/** Where a server is reached: its own URL, or the addresses that were set instead, with more added and some left out. */
export function publishedUrls({ url, interfaces = [] }: Published): string[] {
  const { port, protocol } = new URL(url);
  const urlOf = (host: string): string =>
    `${protocol}//${addressText({ host, port: port === '' ? 443 : Number(port) })}`;
  const set = interfaces.filter((entry) => !/^[+-]/.test(entry)).map(urlOf);
  const signed = (sign: string): string[] =>
    interfaces.filter((entry) => entry.startsWith(sign)).map((entry) => urlOf(entry.slice(1)));
  const removed = signed('-');
  const all = [...(set.length > 0 ? set : [url]), ...signed('+')];
  return [...new Set(all)].filter((one) => !removed.includes(one));
}

/** The list after a request; it may be one that leaves nothing, which the caller refuses. */
export function changedInterfaces(server: Published, request: InterfacesRequest): string[] {
  if (request.kind === 'reset') return [];
  if (request.kind === 'set') return [...new Set(request.addresses)];
  const hostsOf = (list: readonly string[]): number => publishedUrls({ ...server, interfaces: list }).length;
  const isOn = (list: readonly string[], address: string): boolean =>
    hostsOf([...list, `-${address}`]) < hostsOf(list);
  let list: readonly string[] = server.interfaces ?? [];
  for (const address of request.addresses) {
    // What was set stays in the list: without it the server's own URL would come back.
    const [off, on] = request.kind === 'add' ? ['-', '+'] : ['+', '-'];
    list = list.filter((entry) => entry !== off + address);
    if (isOn(list, address) !== (request.kind === 'add')) list = [...list, on + address];
  }
  return [...list];
}

/** Addresses that were asked for and that a server which listens there only does not answer at. */
export function unheardAddresses(listen: Address, { interfaces = [] }: Published): string[] {
  if (isEveryAddress(listen)) return [];
  const asked = interfaces.filter((entry) => !entry.startsWith('-')).map((entry) => entry.replace('+', ''));
  return asked.filter((address) => address !== canonicalAddress(listen.host));
}
