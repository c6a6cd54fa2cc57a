import { hash } from 'node:crypto';
import { nodeMatcher } from '../../definitions/node-matcher.ts';
import type { EntryBody } from '../../model/entry.ts';
import type { ExternalNode, NodeFacts } from '../../model/node-definitions.ts';
import { uuidV4, type Uuid } from '../../model/uuid.ts';
import type { PoolView } from '../views/pool-view.ts';

/** A message that is not about the agent's own machine says so in this attribute, by name or address. */
export const externalAttribute = 'node';
/** Which node's agent brought it. */
export const reporterAttribute = 'reportedBy';

type Batch = EntryBody<'messages'>;
type Message = Batch['messages'][number];

interface Ports {
  readonly pool: Pick<PoolView, 'externalNodes' | 'nodes'>;
  readonly poolId: Uuid;
}

/**
 * Systems without an agent: what an agent tells of one that is defined becomes a message of that node, everything else stays
 * the agent's own. Nothing is ever refused here, and no agent can speak for a node that has an agent itself.
 */
export class ExternalNodes {
  readonly #ports: Ports;
  #known: { readonly of: readonly ExternalNode[]; readonly fits: ((node: NodeFacts) => boolean)[] } = {
    of: [],
    fits: [],
  };

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** What to store in place of a batch; the batch itself where there is nothing of the kind in it. */
  split(batch: Batch): readonly Batch[] {
    const fits = this.#fits();
    if (fits.length === 0) return [batch];
    const isExternal = this.#judge(fits);
    const own: Message[] = [];
    const others = new Map<string, Message[]>();
    for (const message of batch.messages) {
      const name = message.attributes?.[externalAttribute];
      if (name === undefined || !isExternal(name)) own.push(message);
      else others.set(name, [...(others.get(name) ?? []), reported(message, batch.nodeName)]);
    }
    if (others.size === 0) return [batch];
    const bodies = [...others].map(([nodeName, messages]) => ({
      node: this.coreIdOf(nodeName),
      nodeName,
      messages,
    }));
    return own.length === 0 ? bodies : [{ ...batch, messages: own }, ...bodies];
  }

  /** The same on every server, and in no certificate. */
  coreIdOf(name: string): Uuid {
    return uuidV4(hash('sha256', `${this.#ports.poolId} external node ${name}`, 'buffer').subarray(0, 16));
  }

  #judge(fits: readonly ((node: NodeFacts) => boolean)[]): (name: string) => boolean {
    const enrolled = new Set(this.#ports.pool.nodes().map(({ name }) => name));
    return (name) =>
      name.length > 0 &&
      name.length <= 256 &&
      !enrolled.has(name) &&
      fits.some((fit) => fit({ name, address: name, system: null, labels: {} }));
  }

  #fits(): ((node: NodeFacts) => boolean)[] {
    const of = this.#ports.pool.externalNodes();
    if (of !== this.#known.of)
      this.#known = {
        of,
        fits: of.map(({ names, addresses }) =>
          nodeMatcher({ nodes: names, rules: addresses.length > 0 ? [{ addresses }] : [] }),
        ),
      };
    return this.#known.fits;
  }
}

function reported(message: Message, by: string): Message {
  const { [externalAttribute]: _, ...attributes } = message.attributes ?? {};
  return { ...message, attributes: { ...attributes, [reporterAttribute]: by } };
}
