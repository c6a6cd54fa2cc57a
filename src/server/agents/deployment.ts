import { AssignedPolicies, noLabels } from '../../definitions/assigned-policies.ts';
import type { NodeFacts } from '../../model/node-definitions.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessageOf } from '../../link/messages.ts';
import type { NodeDefinition } from '../../model/definitions.ts';
import { depotLimits } from '../../model/depot.ts';
import type { PoliciesRunning } from '../../model/policy-definitions.ts';
import { policySetBytesMax } from '../../policies/policy-set.ts';
import type { Log } from '../../runtime/log.ts';
import type { ServerDepot } from '../depot/server-depot.ts';
import type { PoolView } from '../views/pool-view.ts';

interface Ports {
  /** Which files agents can be given here. */
  readonly depot: Pick<ServerDepot, 'has' | 'onChange'>;
  readonly pool: Pick<
    PoolView,
    | 'policies'
    | 'depotFiles'
    | 'policyGroups'
    | 'nodeGroups'
    | 'nodes'
    | 'nodeAttributes'
    | 'generation'
    | 'managerSystems'
    | 'primaries'
    | 'deploymentHold'
    | 'deploymentOrder'
  >;
  /** What the pool knows of a node, whichever server it is connected to. */
  readonly lastSeen: (node: Uuid) => Seen | null;
  readonly log: Log;
}

const namedMax = 2 * depotLimits.filesMax;

/** From where a node comes, and on what it says it runs. */
type Seen = Pick<NodeFacts, 'address' | 'system'>;

/** An agent that has said what it runs. */
interface Target {
  readonly node: NodeDefinition;
  readonly connection: Pick<LinkConnection, 'send'>;
  running: PoliciesRunning;
  /** What it was sent and has not answered yet. */
  offered: string | null;
  /** Digests of the files in what it was sent since it last answered: it may be at any of these sets. */
  readonly named: Set<string>;
}

/**
 * Brings each connected agent the policies of its groups. An agent says what it runs when it connects and after every
 * set that it was sent; it is sent the set that it should run whenever that is another one. Whatever it refused it is not
 * sent again, until the definitions change or somebody says so. While deployment is held, only released nodes are sent
 * anything.
 */
export class Deployment {
  readonly #ports: Ports;
  readonly #targets = new Map<LinkConnection, Target>();
  #assigned: AssignedPolicies | null = null;
  /** What nodes that are connected here say, by their names: the journal has it a moment later. */
  readonly #seen = new Map<string, Seen & { readonly connection: LinkConnection }>();
  #coreIds: { readonly nodes: readonly NodeDefinition[]; readonly byName: ReadonlyMap<string, Uuid> } | null =
    null;
  /** Somebody was not sent anything, since the coordinator is not followed now. */
  #isBlind = false;
  /** Somebody was not sent anything, since files that it needs are not here yet. */
  #isShort = false;

  constructor(ports: Ports) {
    this.#ports = ports;
    ports.depot.onChange(() => this.#filesCame());
  }

  /** What nodes should run, as far as this server knows. */
  get assigned(): AssignedPolicies {
    const { pool } = this.#ports;
    this.#assigned ??= new AssignedPolicies(
      pool.nodeGroups(),
      pool.policies(),
      { systems: pool.managerSystems(), primaries: pool.primaries() },
      {
        policyGroups: pool.policyGroups(),
        depotFiles: pool.depotFiles(),
        factsOf: (name) => this.factsOf(name),
      },
    );
    return this.#assigned;
  }

  /** What rules about nodes go by. */
  factsOf(name: string): NodeFacts {
    const { pool, lastSeen } = this.#ports;
    const coreId = this.#coreIdOf(name);
    const { address, system } = this.#seen.get(name) ??
      (coreId === undefined ? null : lastSeen(coreId)) ?? { address: null, system: null };
    return { name, address, system, labels: pool.nodeAttributes(name)?.labels ?? noLabels };
  }

  /** An agent told what it runs. */
  told(
    connection: LinkConnection,
    node: NodeDefinition,
    told: LinkMessageOf<'policiesRunning'>,
    seen: Seen,
  ): void {
    this.#seen.set(node.name, { ...seen, connection });
    const { generation, digest, refused } = told;
    const running = { generation, digest, refused };
    const target = this.#targets.get(connection) ?? {
      node,
      connection,
      running,
      offered: null,
      named: new Set(),
    };
    target.running = running;
    target.offered = null;
    // Who refused a set may try it again.
    if (refused === null) target.named.clear();
    this.#targets.set(connection, target);
    this.#offer(target);
  }

  /** Whether what the node should run, or a set that it was sent and may still be fetching, brings that file of the depot along. */
  names(connection: LinkConnection, nodeName: string, sha256: string): boolean {
    const isSent = this.#targets.get(connection)?.named.has(sha256) ?? false;
    return isSent || this.assigned.of(nodeName).files.some((file) => file.sha256 === sha256);
  }

  gone(connection: LinkConnection): void {
    const name = this.#targets.get(connection)?.node.name;
    this.#targets.delete(connection);
    // Else it has connected anew, and what it said then counts.
    if (name !== undefined && this.#seen.get(name)?.connection === connection) this.#seen.delete(name);
  }

  /** Something has changed; `policies` when what a set is made from has. */
  definitionsChanged(policies: boolean): void {
    if (policies) this.#assigned = null;
    const isSighted = this.#isBlind && this.#ports.pool.generation() !== null;
    if (!policies && !isSighted) return;
    this.#isBlind = false;
    for (const target of this.#targets.values()) this.#offer(target);
  }

  /** Somebody wants nodes to be sent what they should run, also what they refused before. */
  ordered(): void {
    const order = this.#ports.pool.deploymentOrder();
    if (order === null) return;
    const wanted = order.nodes === null ? null : new Set(order.nodes);
    for (const target of this.#targets.values()) {
      if (wanted !== null && !wanted.has(target.node.coreId)) continue;
      target.running = { ...target.running, refused: null };
      target.offered = null;
      this.#offer(target);
    }
  }

  #filesCame(): void {
    if (!this.#isShort) return;
    this.#isShort = false;
    for (const target of this.#targets.values()) this.#offer(target);
  }

  #isHeld(node: Uuid): boolean {
    const hold = this.#ports.pool.deploymentHold();
    return hold !== null && !hold.released.includes(node);
  }

  #coreIdOf(name: string): Uuid | undefined {
    const nodes = this.#ports.pool.nodes();
    if (this.#coreIds?.nodes !== nodes)
      this.#coreIds = { nodes, byName: new Map(nodes.map((node) => [node.name, node.coreId])) };
    return this.#coreIds.byName.get(name);
  }

  #offer(target: Target): void {
    const { node, running, connection } = target;
    const { digest, text, files } = this.assigned.of(node.name);
    if (digest === running.digest || digest === target.offered || digest === running.refused?.digest) return;
    if (this.#isHeld(node.coreId)) return;
    const generation = this.#ports.pool.generation();
    // Definitions that may be old are no reason to change what runs: whoever has newer ones sends them.
    if (generation === null) this.#isBlind = true;
    if (generation === null || generation < running.generation) return;
    if (!files.every(({ sha256 }) => this.#ports.depot.has(sha256))) {
      this.#isShort = true;
      return;
    }
    const body = new TextEncoder().encode(text);
    if (body.length > policySetBytesMax) {
      this.#ports.log.error('the policies of a node are too large to be sent', {
        node: node.name,
        bytes: body.length,
        bytesMax: policySetBytesMax,
      });
      return;
    }
    target.offered = digest;
    if (target.named.size > namedMax) target.named.clear();
    for (const { sha256 } of files) target.named.add(sha256);
    connection.send({ type: 'policies', generation, digest }, body);
  }
}
