import type { Coordination } from '../coordination/coordination.ts';
import { etcdSignSchema, keys } from '../model/definitions.ts';
import type { ListedIdentity } from './identity-list.ts';

/** Of a pool that runs its own etcd: whose etcd, or client of it, is not as far as `isFar` wants it by its own word. */
export async function etcdBehind(
  coordination: Coordination,
  identities: readonly ListedIdentity[],
  isFar: (sign: { readonly believes: readonly string[]; readonly signedBy: string | null }) => boolean,
): Promise<ListedIdentity[]> {
  const [{ items: members }, { items: signs }, { items: sessions }] = await Promise.all([
    coordination.list(keys.etcdMembers),
    coordination.list(keys.etcdSigns),
    coordination.list(keys.sessions),
  ]);
  if (members.length === 0) return [];
  const signOf = new Map(signs.map(({ key, value }) => [key.slice(keys.etcdSigns.length), value]));
  const runs = new Set(members.map(({ key }) => key.slice(keys.etcdMembers.length)));
  const isHere = new Set(sessions.map(({ key }) => key.slice(keys.sessions.length)));
  return identities.filter(({ coreId, kind, enrolled, revocation }) => {
    if (!enrolled || revocation !== null || (kind !== 'server' && kind !== 'witness')) return false;
    // A server that is only a client says nothing of it; while it runs it follows in a second.
    if (!runs.has(coreId)) return kind === 'server' && !isHere.has(coreId);
    const sign = etcdSignSchema.safeParse(JSON.parse(signOf.get(coreId) ?? 'null'));
    if (!sign.success) return true;
    const { believes = [], signedBy = null } = sign.data;
    return !isFar({ believes, signedBy });
  });
}
