import { circleIn } from '../definitions/assigned-policies.ts';
import type { Coordination, Item } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import {
  nodeGroupSchema,
  policyDefinitionSchema,
  type NodeGroup,
  type NodeGroupContent,
  type PolicyDefinition,
} from '../model/policy-definitions.ts';
import { checkedPolicySchema } from '../policies/checked-policy.ts';
import { issuesText, type PolicySource } from '../policies/policy-set.ts';
import type { Clock } from '../runtime/clock.ts';
import type { OwnMessages } from './own-messages.ts';

const attemptsMax = 5;
const sourceBytesMax = 262_144;

interface Ports {
  readonly coordination: Coordination;
  readonly clock: Clock;
  readonly ownMessages: Pick<OwnMessages, 'report'>;
  /** Resolves when this server's own copy has come to that revision, or does not get there soon. */
  readonly reached: (revision: number) => Promise<void>;
}

/** All policies and groups as the coordinator has them now. */
interface Current {
  readonly policies: ReadonlyMap<string, Item>;
  readonly groups: ReadonlyMap<string, NodeGroup & { readonly revision: number }>;
  /** Of the key that every change that needs two of them to agree writes. */
  readonly uses: number;
}

interface Plan {
  readonly key: string;
  readonly value: string | null;
  /** What happened, for the message about it. */
  readonly text: string;
  readonly object: string;
}

/**
 * Writes policies and node groups for a person. Every write is one transaction on what was read, so that of two at once the
 * second is told; `revision` is that which the person saw. A group never names what is not there, also when it was
 * removed a moment ago: both write one key more. Errors of all: WK_BAD_REQUEST (what is wrong with it), WK_NOT_FOUND,
 * WK_CONFLICT (changed meanwhile, still in use, or a circle), WK_COORDINATOR_AWAY.
 */
export class PolicyEditor {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  async setPolicy(
    name: string,
    source: PolicySource,
    revision: number | undefined,
    by: string,
  ): Promise<void> {
    checkSource(name, source);
    await this.#write(keys.policy(name), revision, () => {
      const changedMs = this.#ports.clock.wallMs();
      const value: PolicyDefinition = policyDefinitionSchema.parse({ name, source, changedMs, by });
      return {
        key: keys.policy(name),
        value: JSON.stringify(value),
        text: `Policy ${name} was changed by ${by}`,
        object: name,
      };
    });
  }

  removePolicy(name: string, revision: number | undefined, by: string): Promise<void> {
    return this.#write(keys.policy(name), revision, ({ policies, groups }) => {
      if (!policies.has(keys.policy(name)))
        throw new WatchError('WK_NOT_FOUND', `there is no policy ${name}`);
      const users = [...groups.values()].filter((group) => group.policies.includes(name));
      if (users.length > 0)
        throw new WatchError(
          'WK_CONFLICT',
          `policy ${name} is used by ${namesOf(users)}; take it out of there first`,
        );
      return {
        key: keys.policy(name),
        value: null,
        text: `Policy ${name} was removed by ${by}`,
        object: name,
      };
    });
  }

  setGroup(name: string, content: NodeGroupContent, revision: number | undefined, by: string): Promise<void> {
    return this.#write(keys.nodeGroup(name), revision, (current) => {
      const changedMs = this.#ports.clock.wallMs();
      const { nodes, groups, policies } = content;
      const value: NodeGroup = nodeGroupSchema.parse({ name, nodes, groups, policies, changedMs, by });
      checkReferences(value, current);
      return {
        key: keys.nodeGroup(name),
        value: JSON.stringify(value),
        text: `Node group ${name} was changed by ${by}`,
        object: name,
      };
    });
  }

  removeGroup(name: string, revision: number | undefined, by: string): Promise<void> {
    return this.#write(keys.nodeGroup(name), revision, ({ groups }) => {
      if (!groups.has(name)) throw new WatchError('WK_NOT_FOUND', `there is no node group ${name}`);
      const users = [...groups.values()].filter((group) => group.groups.includes(name));
      if (users.length > 0)
        throw new WatchError(
          'WK_CONFLICT',
          `node group ${name} is used by ${namesOf(users)}; take it out of there first`,
        );
      return {
        key: keys.nodeGroup(name),
        value: null,
        text: `Node group ${name} was removed by ${by}`,
        object: name,
      };
    });
  }

  async #write(key: string, seen: number | undefined, plan: (current: Current) => Plan): Promise<void> {
    const { coordination, ownMessages } = this.#ports;
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const current = await readAll(coordination);
      const revision = revisionOf(current, key);
      if (seen !== undefined && seen !== 0 && seen !== revision) throw changedMeanwhile(key, revision);
      const { value, text, object } = plan(current);
      const result = await coordination.transact({
        conditions: [
          { key, revision },
          { key: keys.policyUses, revision: current.uses },
        ],
        writes: [
          { key, value },
          { key: keys.policyUses, value: '""' },
        ],
      });
      if (!result.done) continue;
      ownMessages.report({ severity: 'normal', key: `definition:${key}:${revision}`, object, text });
      return this.#ports.reached(result.revision);
    }
    throw new WatchError('WK_CONFLICT', 'policies are being changed by others at the same time; try again');
  }
}

function checkSource(name: string, source: PolicySource): void {
  const bytes = JSON.stringify(source).length;
  if (bytes > sourceBytesMax)
    throw new WatchError(
      'WK_TOO_LARGE',
      `policy ${name} has ${bytes} bytes, and ${sourceBytesMax} are allowed`,
    );
  const result = checkedPolicySchema.safeParse(source);
  if (!result.success) throw new WatchError('WK_BAD_REQUEST', `policy ${name}: ${issuesText(result.error)}`);
  if (result.data.name !== name)
    throw new WatchError('WK_BAD_REQUEST', `the policy calls itself ${result.data.name}, not ${name}`);
}

function checkReferences(group: NodeGroup, { policies, groups }: Current): void {
  const missing = group.policies.filter((name) => !policies.has(keys.policy(name)));
  if (missing.length > 0)
    throw new WatchError('WK_BAD_REQUEST', `there is no policy ${missing.join(', ')}; define it first`);
  const unknown = group.groups.filter((name) => name !== group.name && !groups.has(name));
  if (unknown.length > 0)
    throw new WatchError('WK_BAD_REQUEST', `there is no node group ${unknown.join(', ')}; define it first`);
  const others = [...groups.values()].filter(({ name }) => name !== group.name);
  const circle = circleIn([...others, group], group.name);
  if (circle !== null)
    throw new WatchError('WK_CONFLICT', `node group ${group.name} would hold itself: ${circle}`);
}

async function readAll(coordination: Coordination): Promise<Current> {
  const [policies, groups, uses] = await Promise.all([
    coordination.list(keys.policies),
    coordination.list(keys.nodeGroups),
    coordination.get(keys.policyUses),
  ]);
  const parsed = groups.items.map(({ value, revision }) => ({
    ...nodeGroupSchema.parse(JSON.parse(value)),
    revision,
  }));
  return {
    policies: new Map(policies.items.map((item) => [item.key, item])),
    groups: new Map(parsed.map((group) => [group.name, group])),
    uses: uses?.revision ?? 0,
  };
}

function revisionOf({ policies, groups }: Current, key: string): number {
  const group = key.startsWith(keys.nodeGroups) ? groups.get(key.slice(keys.nodeGroups.length)) : undefined;
  return group?.revision ?? policies.get(key)?.revision ?? 0;
}

function changedMeanwhile(key: string, revision: number): WatchError {
  const what = revision === 0 ? 'was removed' : `is at revision ${revision} now`;
  return new WatchError('WK_CONFLICT', `${key} ${what}; look at what was changed, and decide again`);
}

function namesOf(groups: readonly NodeGroup[]): string {
  return groups.map(({ name }) => `node group ${name}`).join(', ');
}
