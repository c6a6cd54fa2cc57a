import { isUuid, type Uuid } from './uuid.ts';

export const identityKinds = ['server', 'agent', 'user', 'witness', 'interface'] as const;
export type IdentityKind = (typeof identityKinds)[number];

/** Who is at the other end, as its certificate says: one URI name, `watchkeeper://POOL/KIND/COREID`. */
export interface Identity {
  readonly pool: Uuid;
  readonly kind: IdentityKind;
  readonly coreId: Uuid;
}

/** Kinds that have their certificate by being enrolled: servers sign for virtual interfaces by themselves. */
export const enrolledKinds = identityKinds.filter((kind) => kind !== 'interface');

/** What somebody is on the link: behind a virtual interface is always a server. */
export function linkKindOf({ kind }: Pick<Identity, 'kind'>): IdentityKind {
  return kind === 'interface' ? 'server' : kind;
}

export function identityUri(identity: Identity): string {
  return `watchkeeper://${identity.pool}/${identity.kind}/${identity.coreId}`;
}

/** Null for anything but exactly our form; a caller treats null as "no identity". */
export function parseIdentityUri(uri: string): Identity | null {
  const match = /^watchkeeper:\/\/([0-9a-f-]{36})\/([a-z]+)\/([0-9a-f-]{36})$/.exec(uri);
  if (!match) return null;
  const [, pool = '', kindText = '', coreId = ''] = match;
  const kind = identityKinds.find((known) => known === kindText);
  if (!kind || !isUuid(pool) || !isUuid(coreId)) return null;
  return { pool, kind, coreId };
}
