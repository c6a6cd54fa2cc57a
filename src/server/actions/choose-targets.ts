import type { Account } from '../../access/caller.ts';
import { actionNodesMax, type ActionAnswer, type ActionRequest } from '../../model/action-api.ts';
import type { NodeDefinition } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import { isNodeInScope } from '../../model/rights.ts';

/** A node has at most so many actions that it has not told the end of. */
export const openOfNodeMax = 50;

/** The message that an action is about. */
export interface AboutMessage {
  /** Core ID of its node. */
  readonly node: string;
  readonly nodeName: string;
  readonly group?: string | undefined;
}

export interface Targets {
  readonly nodes: readonly NodeDefinition[];
  readonly refused: ActionAnswer['refused'];
}

interface Asked {
  readonly request: Pick<ActionRequest, 'nodes' | 'nodeGroups'>;
  readonly by: Pick<Account, 'name' | 'rights'>;
  readonly about: AboutMessage | null;
  /** All that there are. */
  readonly nodes: readonly NodeDefinition[];
  /** The node of the message; null when the pool has no agent there. */
  readonly ofMessage: NodeDefinition | null;
  readonly nodeGroups: readonly string[];
  readonly groupsOf: (nodeName: string) => readonly string[];
  readonly openCount: (coreId: string) => number;
}

/**
 * Who is asked, and who of those that were named is not, and why. What the caller may not see is not there, as everywhere.
 * Errors: WK_NOT_FOUND (a group), WK_BAD_REQUEST (nobody is named, too many).
 */
export function chooseTargets(asked: Asked): Targets {
  const { request, by, about } = asked;
  const isOfMessage = about !== null && request.nodes.length === 0 && request.nodeGroups.length === 0;
  if (isOfMessage && asked.ofMessage === null)
    throw new WatchError(
      'WK_BAD_REQUEST',
      `no agent of this pool sent that message (it is of ${about.nodeName}); say on which node the tool is to run`,
    );
  const named = isOfMessage ? [asked.ofMessage?.name ?? ''] : namedNodes(asked);
  if (named.length === 0 && request.nodeGroups.length === 0)
    throw new WatchError('WK_BAD_REQUEST', 'no node is named: give nodes, nodeGroups or a message');
  if (named.length > actionNodesMax)
    throw new WatchError(
      'WK_BAD_REQUEST',
      `${named.length} nodes, and ${actionNodesMax} may be asked at once`,
    );
  const byName = new Map(asked.nodes.map((node) => [node.name, node]));
  const nodes: NodeDefinition[] = [];
  const refused: ActionAnswer['refused'] = [];
  for (const nodeName of named) {
    const node = byName.get(nodeName);
    const because = node === undefined ? `there is no node ${nodeName}` : whyNot(asked, node);
    if (node !== undefined && because === null) nodes.push(node);
    else refused.push({ nodeName, because: because ?? '' });
  }
  // Whoever is in a group and cannot be seen was not named by the caller.
  const seen = by.rights.scope('see');
  return {
    nodes,
    refused: refused.filter(({ nodeName }) => isAsked(request, nodeName) || isNodeInScope(seen, nodeName)),
  };
}

function isAsked({ nodes }: Asked['request'], nodeName: string): boolean {
  return nodes.includes(nodeName);
}

/** Each once, in the order of the names. */
function namedNodes({ request, nodes, nodeGroups, groupsOf }: Asked): string[] {
  const unknown = request.nodeGroups.find((group) => !nodeGroups.includes(group));
  if (unknown !== undefined) throw new WatchError('WK_NOT_FOUND', `there is no node group ${unknown}`);
  const wanted = new Set(request.nodeGroups);
  const inGroups =
    wanted.size === 0 ? [] : nodes.filter(({ name }) => groupsOf(name).some((group) => wanted.has(group)));
  return [...new Set([...request.nodes, ...inGroups.map(({ name }) => name)])].toSorted();
}

function whyNot({ by, about, openCount }: Asked, { coreId, name: nodeName }: NodeDefinition): string | null {
  const { rights } = by;
  const place = about?.node === coreId ? { nodeName, group: about.group } : { nodeName };
  if (!isNodeInScope(rights.scope('see'), nodeName)) return `there is no node ${nodeName}`;
  if (!rights.covers('act', place)) return `${by.name} may not run tools on ${nodeName}`;
  if (openCount(coreId) < openOfNodeMax) return null;
  return `${openOfNodeMax} actions on ${nodeName} have not ended yet; wait for them`;
}
