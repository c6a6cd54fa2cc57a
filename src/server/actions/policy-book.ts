import type { DepotBytes, DepotFile } from '../../model/depot.ts';
import { WatchError } from '../../model/errors.ts';
import { isWatchPolicy, type WatchPolicy } from '../../model/policy.ts';
import type { OfferedKind, PolicyAction } from '../../model/policy-action.ts';
import type { PolicyDefinition } from '../../model/policy-definitions.ts';
import type { Tool, ToolDefinition } from '../../model/tool.ts';
import type { Message } from '../../model/message.ts';
import { checkedPolicySchema } from '../../policies/checked-policy.ts';
import { actionsFor, writtenActions } from '../../policies/policy-actions.ts';
import type { Runnable } from './doing.ts';
import { toolOf } from './tool-view.ts';

/** An action of a policy, and the policy. */
export interface Wanted {
  readonly policy: string;
  readonly action: PolicyAction;
}

/** A message and the node that it came from. */
export interface Placed {
  readonly nodeName: string;
  readonly message: Pick<Message, 'source' | 'attributes'>;
  readonly isShared: boolean;
}

interface Ports {
  readonly policies: () => readonly PolicyDefinition[];
  readonly tools: () => readonly ToolDefinition[];
  readonly depotFiles: () => readonly DepotFile[];
  /** Names of the policies that the node gets from the pool. */
  readonly assigned: (nodeName: string) => readonly string[];
}

interface Known {
  readonly of: readonly PolicyDefinition[];
  /** Those with actions. */
  readonly policies: ReadonlyMap<string, WatchPolicy>;
  readonly hasAutomatic: boolean;
}

/**
 * Which actions the policies of now have for a message. A message says which policy made it, and agents say what they like: so only
 * a policy that its node has from the pool counts, and of what another pool shares nothing does.
 */
export class PolicyBook implements Runnable {
  readonly #ports: Ports;
  /** Made anew for another list of definitions. */
  #known: Known | null = null;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  get hasAutomatic(): boolean {
    return this.#now().hasAutomatic;
  }

  automaticFor(placed: Placed): Wanted | null {
    return this.#wanted('automatic', placed);
  }

  /** Offered to who looks at it. */
  operatorFor(placed: Placed): Wanted | null {
    return this.#wanted('operator', placed);
  }

  /** WK_NOT_FOUND, WK_CONFLICT (a newer version wrote it). */
  tool(name: string): Tool {
    const definition = this.#ports.tools().find((one) => one.name === name);
    if (definition === undefined) throw new WatchError('WK_NOT_FOUND', `there is no tool ${name}`);
    const tool = toolOf(definition);
    if (tool === null)
      throw new WatchError('WK_CONFLICT', `tool ${name} was written by a newer version than this server's`);
    return tool;
  }

  /** WK_NOT_FOUND. */
  depotFile(name: string): DepotBytes {
    const file = this.#ports.depotFiles().find((one) => one.name === name);
    if (file === undefined) throw new WatchError('WK_NOT_FOUND', `there is no depot file ${name}`);
    return { sha256: file.sha256, sizeBytes: file.sizeBytes };
  }

  #wanted(kind: OfferedKind, { nodeName, message, isShared }: Placed): Wanted | null {
    if (message.source === undefined || isShared) return null;
    const policy = this.#now().policies.get(message.source);
    const action = policy && actionsFor(policy, message)[kind];
    if (!policy || !action || !this.#ports.assigned(nodeName).includes(policy.name)) return null;
    return { policy: policy.name, action };
  }

  #now(): Known {
    const of = this.#ports.policies();
    if (this.#known?.of === of) return this.#known;
    const policies = of.flatMap(({ source }) => {
      const policy = checkedPolicySchema.safeParse(source).data;
      return policy && isWatchPolicy(policy) && writtenActions(policy).length > 0 ? [policy] : [];
    });
    const hasAutomatic = policies.some((policy) =>
      writtenActions(policy).some(({ path }) => path.at(-1) === 'automaticAction'),
    );
    this.#known = { of, policies: new Map(policies.map((policy) => [policy.name, policy])), hasAutomatic };
    return this.#known;
  }
}
