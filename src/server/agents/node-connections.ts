import { encodeBody } from '../../journal/body.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Connection } from '../../model/entry.ts';
import { textOf } from '../../model/errors.ts';
import type { PoliciesRunning } from '../../model/policy-definitions.ts';
import type { Clock, Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { AgentConnection } from './gateway.ts';

/** Connections of many agents that come or go together share an entry. */
const gatherMs = 20;
const factsMax = 1_000;
const againMs = 1_000;

/** Tells the pool, as entries of the journal, which agents are connected to this server. */
export class NodeConnections {
  readonly #ports: { journal: Journal; clock: Clock; timers: Timers; log: Log };
  #facts = new Map<string, Connection>();
  readonly #policies = new WeakMap<AgentConnection, PoliciesRunning>();
  #gathering: Timer | null = null;
  #closed = false;

  constructor(ports: { journal: Journal; clock: Clock; timers: Timers; log: Log }) {
    this.#ports = ports;
  }

  /** What an agent says of the policies that it runs; told with whatever is told of it from now on. */
  runs(agent: AgentConnection, { generation, digest, refused }: PoliciesRunning): void {
    this.#policies.set(agent, { generation, digest, refused });
    this.tell(agent, true);
  }

  tell(agent: AgentConnection, connected: boolean): void {
    const { node, version, connection, via, system } = agent;
    const policies = this.#policies.get(agent);
    this.#facts.set(node.coreId, {
      node: node.coreId,
      nodeName: node.name,
      connected,
      lastHeardMs: this.#ports.clock.wallMs(),
      version: version.slice(0, 64),
      address: connection.remoteAddress,
      ...(via === null ? {} : { via }),
      ...(system === null ? {} : { system }),
      ...(policies ? { policies } : {}),
    });
    this.#gather(gatherMs);
  }

  /** What was not stored yet is not told: connections of a run that is over are over. */
  close(): void {
    this.#closed = true;
    this.#gathering?.cancel();
  }

  #gather(afterMs: number): void {
    if (this.#closed) return;
    this.#gathering ??= this.#ports.timers.after(afterMs, () => void this.#store());
  }

  async #store(): Promise<void> {
    const { journal, log } = this.#ports;
    this.#gathering = null;
    const connections = [...this.#facts.values()].slice(0, factsMax);
    for (const { node } of connections) this.#facts.delete(node);
    if (connections.length === 0) return;
    const body = { connections };
    try {
      await journal.append({ kind: 'connections', body: encodeBody('connections', body) }, body);
    } catch (error) {
      log.warn('which agents are connected could not be stored; tried again', { error: textOf(error) });
      // What was told meanwhile is newer and stays.
      for (const fact of connections) if (!this.#facts.has(fact.node)) this.#facts.set(fact.node, fact);
      return this.#gather(againMs);
    }
    if (this.#facts.size > 0) this.#gather(0);
  }
}
