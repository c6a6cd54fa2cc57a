import { codeOf, WatchError } from '../../model/errors.ts';
import { outageSchema, type Outage } from '../../model/outage.ts';
import {
  policyDetailSchema,
  policyViewsSchema,
  removedSchema,
  type PolicyDetail,
} from '../../model/policy-api.ts';
import { pathOf } from './policies.ts';
import type { PoolClient } from './pool-client.ts';

export type OutageState = 'planned' | 'now' | 'over';

export interface OutageView extends Omit<Outage, 'kind' | 'from' | 'until'> {
  readonly state: OutageState;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Who defined it, and when. */
  readonly by: string;
  readonly changedMs: number;
  readonly revision: number;
}

/** Every outage that is defined, also those that are over, the one that began first at the top. */
export async function readOutages(client: PoolClient, nowMs: number): Promise<OutageView[]> {
  const { policies } = await client.ask({ path: '/api/v1/policies' }, policyViewsSchema);
  const outages: OutageView[] = [];
  for (const { name, kind } of policies) {
    if (kind !== 'outage') continue;
    const outage = await findOutage(client, name, nowMs);
    if (outage !== null) outages.push(outage);
  }
  return outages.toSorted((a, b) => a.fromMs - b.fromMs);
}

/** Null where it was removed meanwhile. WK_BAD_REQUEST for a policy that is no outage. */
export async function findOutage(
  client: PoolClient,
  name: string,
  nowMs: number,
): Promise<OutageView | null> {
  let policy: PolicyDetail;
  try {
    policy = await client.ask({ path: pathOf('policies', name) }, policyDetailSchema);
  } catch (error) {
    if (codeOf(error) === 'WK_NOT_FOUND') return null;
    throw error;
  }
  const { data } = outageSchema.safeParse(policy.source);
  if (data === undefined)
    throw new WatchError(
      'WK_BAD_REQUEST',
      `${name} is a policy, and no outage; see \`watchkeeper policy show ${name}\``,
    );
  const { kind: _, from, until, ...outage } = data;
  const { by, changedMs, revision } = policy;
  const state = nowMs < from ? 'planned' : nowMs < until ? 'now' : 'over';
  return { ...outage, state, fromMs: from, untilMs: until, by, changedMs, revision };
}

/** Only as it was seen: one that somebody changed meanwhile stays (WK_CONFLICT). */
export async function removeOutage(
  client: PoolClient,
  { name, revision }: Pick<OutageView, 'name' | 'revision'>,
): Promise<void> {
  const question = {
    method: 'DELETE',
    path: pathOf('policies', name),
    query: { revision },
    once: true,
  } as const;
  await client.ask(question, removedSchema);
}

/** `nodes web*, node groups linux; only message groups Storage`. */
export function reachText({
  nodes,
  nodeGroups,
  groups,
}: Pick<Outage, 'nodes' | 'nodeGroups' | 'groups'>): string {
  const said = (word: string, names: readonly string[] | undefined): string[] =>
    names === undefined ? [] : [`${word} ${names.join(', ')}`];
  const where = [...said('nodes', nodes), ...said('node groups', nodeGroups)].join(' and ');
  return [...(where === '' ? [] : [where]), ...said('message groups', groups)].join('; only ');
}
