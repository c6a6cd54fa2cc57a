import type { Coordination } from '../coordination/coordination.ts';
import { findSystem } from '../flexible-management/find-system.ts';
import { parsePolicy } from '../flexible-management/parse-policy.ts';
import { keys } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import { otherPoolSchema, type OtherPool } from '../model/other-pools.ts';
import { policyDefinitionSchema } from '../model/policy-definitions.ts';
import { trustSchema } from '../model/trust.ts';

/** What changes of another pool; what is left out stays. */
export interface OtherPoolChange {
  readonly servers?: OtherPool['servers'];
  readonly accept?: OtherPool['accept'];
  readonly changedMs: number;
  readonly by: string;
}

export async function listOtherPools(coordination: Coordination): Promise<OtherPool[]> {
  const { items } = await coordination.list(keys.otherPools);
  return items.map(({ value }) => otherPoolSchema.parse(JSON.parse(value)));
}

/**
 * Defines or changes another pool; its name and its ID are those of the authorities that were imported. Errors:
 * WK_NOT_FOUND (no authority of a pool with that name is trusted), WK_CONFLICT (changed meanwhile; or a policy names a server
 * that would be taken away).
 */
export async function setOtherPool(
  coordination: Coordination,
  name: string,
  { servers, accept, changedMs, by }: OtherPoolChange,
): Promise<OtherPool> {
  const key = keys.otherPool(name);
  const [item, id, uses] = await Promise.all([
    coordination.get(key),
    trustedPool(coordination, name),
    coordination.get(keys.policyUses),
  ]);
  const before = item === null ? null : otherPoolSchema.parse(JSON.parse(item.value));
  const value = otherPoolSchema.parse({
    name,
    id,
    servers: servers ?? before?.servers ?? [],
    accept: accept ?? before?.accept ?? [],
    changedMs,
    by,
  });
  if (before) await mustStay(coordination, before, value.servers);
  await write(coordination, key, item?.revision ?? 0, uses?.revision ?? 0, JSON.stringify(value));
  return value;
}

/** Errors: WK_NOT_FOUND, WK_CONFLICT (a policy names one of its servers; changed meanwhile). */
export async function removeOtherPool(coordination: Coordination, name: string): Promise<void> {
  const key = keys.otherPool(name);
  const [item, uses] = await Promise.all([coordination.get(key), coordination.get(keys.policyUses)]);
  if (item === null) throw new WatchError('WK_NOT_FOUND', `there is no other pool ${name}`);
  await mustStay(coordination, otherPoolSchema.parse(JSON.parse(item.value)), []);
  await write(coordination, key, item.revision, uses?.revision ?? 0, null);
}

/** Every change of a policy writes the same key, so that none names a server that is being taken away. */
async function write(
  coordination: Coordination,
  key: string,
  revision: number,
  uses: number,
  value: string | null,
): Promise<void> {
  const { done } = await coordination.transact({
    conditions: [
      { key, revision },
      { key: keys.policyUses, revision: uses },
    ],
    writes: [
      { key, value },
      { key: keys.policyUses, value: '""' },
    ],
  });
  if (!done) throw new WatchError('WK_CONFLICT', `${key} or a policy was changed meanwhile; try again`);
}

async function trustedPool(coordination: Coordination, name: string): Promise<string> {
  const [poolItem, trustItem] = await Promise.all([
    coordination.get(keys.pool),
    coordination.get(keys.trust),
  ]);
  const trust = trustItem === null ? [] : trustSchema.parse(JSON.parse(trustItem.value)).authorities;
  const own: unknown = poolItem === null ? null : JSON.parse(poolItem.value).id;
  const found = trust.find((authority) => authority.name === name && authority.pool !== own);
  if (found) return found.pool;
  throw new WatchError(
    'WK_NOT_FOUND',
    `no authority of a pool ${name} is trusted; have its \`trust export\`, and \`trust import\` it first`,
  );
}

/** What a policy would send messages to, and is there no more, is told with the policies that do. */
async function mustStay(
  coordination: Coordination,
  { id, name, servers }: OtherPool,
  remaining: OtherPool['servers'],
): Promise<void> {
  const pool = { id, name, authorities: [] };
  const before = { own: [], pools: [{ ...pool, servers: [...servers] }] };
  const after = { own: [], pools: [{ ...pool, servers: [...remaining] }] };
  const { items } = await coordination.list(keys.policies);
  const users = items
    .map(({ value }) => policyDefinitionSchema.parse(JSON.parse(value)))
    .filter(({ source }) =>
      targetsOf(source).some((target) => findSystem(target, before) && !findSystem(target, after)),
    );
  if (users.length > 0)
    throw new WatchError(
      'WK_CONFLICT',
      `${users.map((user) => `policy ${user.name}`).join(', ')} would send messages to nobody; change it first`,
    );
}

function targetsOf({ kind, text }: Readonly<Record<string, unknown>>) {
  if (!isFlexible(kind) || typeof text !== 'string') return [];
  const rules = parsePolicy(text).policy.managers.flatMap((managers) => managers.rules);
  return rules.flatMap(({ outcome }) =>
    outcome.kind === 'targets' ? outcome.targets.map(({ manager }) => manager) : [],
  );
}

function isFlexible(kind: unknown): boolean {
  return kind === 'flexible-management' || kind === 'server-flexible-management';
}
