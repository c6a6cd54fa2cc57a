import type { Journal } from '../journal/journal.ts';
import type { MessageStore } from '../messages/message-store.ts';
import { virtualInterfacePrefix } from '../model/definitions.ts';
import type { SharingStatus } from '../model/sharing.ts';
import { severities } from '../model/severity.ts';
import type { Copies } from './health/copies.ts';
import type { Gateway } from './agents/gateway.ts';
import type { Grants } from './roles/grants.ts';
import type { HealthWatch } from './health/health.ts';
import type { MetricFamily } from './http/view.ts';

export type Counted = 'batches' | 'messages' | 'refusedMessages' | 'again';

/** What was counted since this process started. */
export class Counters {
  readonly #counts: Record<Counted, number> = { batches: 0, messages: 0, refusedMessages: 0, again: 0 };
  readonly #messagesVia = new Map<string, number>();

  add(what: Counted, count: number): void {
    this.#counts[what] += count;
  }

  /** Messages that came through a virtual interface, by its role. */
  addVia(role: string, messages: number): void {
    this.#messagesVia.set(role, this.via(role) + messages);
  }

  via(role: string): number {
    return this.#messagesVia.get(role) ?? 0;
  }

  allVia(): Record<string, number> {
    return Object.fromEntries(this.#messagesVia);
  }

  get(what: Counted): number {
    return this.#counts[what];
  }
}

interface Sources {
  readonly journal: Journal;
  readonly messages: MessageStore;
  readonly copies: Copies;
  readonly grants: Grants;
  readonly health: HealthWatch;
  readonly gateway: Gateway;
  readonly counters: Counters;
  sharing(): readonly SharingStatus[];
  /** Every virtual interface of the pool. */
  interfaces(): readonly { readonly role: string }[];
}

export function serverMetrics(sources: Sources): MetricFamily[] {
  const { journal, messages, copies, grants, health, gateway, counters } = sources;
  const state = health.now();
  const counts = messages.counts();
  const queued = journal.queued;
  return [
    gauge('healthy', '1 while this server may be trusted with a role', state.healthy ? 1 : 0),
    gauge('at_risk', '1 while new entries are on one disk only', copies.atRisk.is ? 1 : 0),
    gauge(
      'lag_seconds',
      'Age of the oldest entry that a member has and this server lacks',
      state.lagMs / 1_000,
    ),
    gauge('agents_connected', 'Agents connected to this server', gateway.agents().length),
    gauge('commit_queue_batches', 'Batches waiting to be committed', queued.items),
    gauge('commit_queue_bytes', 'Bytes waiting to be committed', queued.bytes),
    counter('agent_batches_total', 'Batches of agents stored by this server', counters.get('batches')),
    counter('agent_messages_total', 'Messages of agents stored by this server', counters.get('messages')),
    counter('agent_messages_refused_total', 'Messages refused as not valid', counters.get('refusedMessages')),
    counter(
      'agent_batches_again_total',
      'Batches that agents were asked to send again',
      counters.get('again'),
    ),
    {
      name: 'watchkeeper_messages_open',
      help: 'Open messages by severity',
      type: 'gauge',
      samples: severities.map((severity) => ({ labels: { severity }, value: counts.open[severity] ?? 0 })),
    },
    gauge('messages_held', 'Messages that wait for their service hours', messages.held.count()),
    ...sharingMetrics(sources.sharing()),
    ...interfaceMetrics(sources),
    {
      name: 'watchkeeper_role_epoch',
      help: 'Epoch of each role that this server holds',
      type: 'gauge',
      samples: grants.all().map(({ role, epoch }) => ({ labels: { role }, value: epoch })),
    },
  ];
}

/** By the name of the other pool. */
function sharingMetrics(pools: readonly SharingStatus[]): MetricFamily[] {
  const samples = (value: (one: SharingStatus) => number): MetricFamily['samples'] =>
    pools.map((one) => ({ labels: { pool: one.poolName }, value: value(one) }));
  return [
    {
      name: 'watchkeeper_sharing_waiting',
      help: 'Messages and operations that another pool has not confirmed yet',
      type: 'gauge',
      samples: samples(({ waiting }) => waiting),
    },
    {
      name: 'watchkeeper_sharing_connected',
      help: '1 while this server, which acts, is connected to another pool',
      type: 'gauge',
      samples: samples(({ connectedTo }) => (connectedTo === null ? 0 : 1)),
    },
  ];
}

/** By the name of the interface: what came to this server through it. */
function interfaceMetrics(sources: Sources): MetricFamily[] {
  const { gateway, counters } = sources;
  const agents = gateway.agents();
  const samples = (value: (role: string) => number): MetricFamily['samples'] =>
    sources.interfaces().map(({ role }) => ({
      labels: { interface: role.slice(virtualInterfacePrefix.length) },
      value: value(role),
    }));
  return [
    {
      name: 'watchkeeper_virtual_interface_agents',
      help: 'Agents connected to this server through a virtual interface',
      type: 'gauge',
      samples: samples((role) => agents.filter(({ via }) => via === role).length),
    },
    {
      name: 'watchkeeper_virtual_interface_messages_total',
      help: 'Messages stored by this server that came through a virtual interface',
      type: 'counter',
      samples: samples((role) => counters.via(role)),
    },
  ];
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { name: `watchkeeper_${name}`, help, type: 'gauge', samples: [{ value }] };
}

function counter(name: string, help: string, value: number): MetricFamily {
  return { name: `watchkeeper_${name}`, help, type: 'counter', samples: [{ value }] };
}
