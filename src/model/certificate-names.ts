import { parseIdentityUri, type Identity } from './identity.ts';

/** Who is at the other end, or why that is not known; the reason is fit to be told to that end. */
export type IdentityVerdict = { readonly identity: Identity } | { readonly refused: string };

/**
 * The URI names in a certificate's subject alternative names as Node prints them. A value that could be mistaken for
 * a list is printed by Node in double quotes; it is counted, never taken apart.
 */
export function uriNames(subjectAltName: string): string[] {
  const names = subjectAltName.match(/(?:[^",]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return names
    .map((name) => name.trim())
    .filter((name) => name.startsWith('URI:'))
    .map((name) => name.slice('URI:'.length));
}

/** A certificate names a peer of ours only by exactly one URI name, of our form and of this pool. */
export function identityOfNames(subjectAltName: string | undefined, pool: string | null): IdentityVerdict {
  const names = uriNames(subjectAltName ?? '');
  if (names.length !== 1)
    return { refused: `the certificate has ${names.length} URI names, exactly one is needed` };
  const identity = parseIdentityUri(names[0] ?? '');
  if (!identity) return { refused: 'the URI name in the certificate is not one of Watchkeeper' };
  if (pool !== null && identity.pool !== pool) return { refused: 'the certificate belongs to another pool' };
  return { identity };
}
