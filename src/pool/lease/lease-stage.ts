import assert from 'node:assert/strict';
import { MemoryStore } from '../../coordination/memory.ts';
import { actingRole, keys, type Holder, type RoleDefinition, type Session } from '../../model/definitions.ts';
import type { ServerMessage } from '../grants.ts';
import { step } from './lease.ts';
import {
  initialLease,
  type LeaseEffect,
  type LeaseEvent,
  type LeaseState,
  type Outcome,
} from './lease-state.ts';
import { timingsDefault as timings } from './timings.ts';
import { viewItem, watchedPrefixes } from '../view-item.ts';

/** For tests: this server, and another one of its pool. */
export const us = '00000000-0000-4000-8000-000000000001';
export const rival = '00000000-0000-4000-8000-000000000002';
const origin = `${us}.00000000`;

/** One keeper, a coordinator that answers in the same instant unless it is away, and clocks to be set by hand. */
export class Stage {
  store = new MemoryStore();
  state: LeaseState = initialLease({ coreId: us, timings, version: '1', run: 'r' });
  monotonicMs = 1_000;
  wallMs = 1_000_000;
  away = false;
  effects: LeaseEffect[] = [];

  constructor() {
    const role: RoleDefinition = {
      role: actingRole,
      order: [us],
      failback: 'manual',
      pinned: null,
      carrier: { kind: 'listen', host: '127.0.0.1', port: 1 },
    };
    this.put(keys.pool, {
      id: us,
      name: 'p',
      createdMs: 0,
      authorities: ['x'],
      lineage: '00000000-0000-4000-8000-0000000000aa',
    });
    this.put(keys.role(actingRole), role);
    for (const coreId of [us, rival]) this.put(keys.server(coreId), {});
  }

  put(key: string, value: unknown): void {
    this.store.transact({ conditions: [], writes: [{ key, value: JSON.stringify(value) }] });
  }

  /** Up to holding the role. */
  start(): this {
    this.look();
    this.do({ kind: 'server started', process: { pid: 1, startTicks: 1, bootId: 'b' } });
    this.alive();
    assert.ok(this.state.held.has(actingRole));
    return this;
  }

  look(): void {
    for (const kind of ['pool', 'server', 'role', 'session', 'holder'] as const) {
      const { items, revision: asOf } = this.store.list(watchedPrefixes[kind]);
      const read = items.flatMap((item) => viewItem(item, asOf) ?? []);
      this.do({ kind: 'view', whole: kind, asOf, items: read });
    }
  }

  alive(change: Partial<Extract<ServerMessage, { kind: 'alive' }>> = {}): void {
    const rest = { origin, healthy: true, because: '', lagMs: 0, epochs: {}, positions: '{}', ...change };
    this.do({ kind: 'server said', message: { kind: 'alive', ...rest } });
  }

  do(event: LeaseEvent): LeaseEffect[] {
    const now = { monotonicMs: this.monotonicMs, wallMs: this.wallMs };
    const [state, effects] = step(this.state, event, now);
    this.state = state;
    this.effects.push(...effects);
    for (const effect of effects) {
      if (effect.kind === 'transact') this.#answer(effect.call, () => this.#result(effect.transaction));
      if (effect.kind === 'read') this.#answer(effect.call, () => this.#read(effect.keys));
    }
    return effects;
  }

  /** In small steps, with a server process that says every 100 ms that it is alive, unless it is silent. */
  pass(durationMs: number, silent = false): void {
    for (const endMs = this.monotonicMs + durationMs; this.monotonicMs < endMs;) {
      this.monotonicMs += 50;
      this.wallMs += 50;
      if (!silent && this.monotonicMs % 100 === 0) this.alive();
      this.do({ kind: 'tick' });
    }
  }

  holder(): Holder {
    return JSON.parse(this.store.get(keys.holder(actingRole))?.value ?? 'null') as Holder;
  }

  definition(): RoleDefinition {
    return JSON.parse(this.store.get(keys.role(actingRole))?.value ?? 'null') as RoleDefinition;
  }

  session(): Session {
    return JSON.parse(this.store.get(keys.session(us))?.value ?? 'null') as Session;
  }

  kinds(): string[] {
    return this.effects.splice(0).map(({ kind }) => kind);
  }

  lastGrants(): readonly { epoch: number; deadlineMs: number }[] | undefined {
    return this.effects.findLast((effect) => effect.kind === 'grant')?.grants;
  }

  #answer(call: number, outcome: () => Outcome): void {
    this.do({ kind: 'answered', call, outcome: this.away ? { kind: 'unknown' } : outcome() });
  }

  #result(transaction: Parameters<MemoryStore['transact']>[0]): Outcome {
    return { kind: 'result', result: this.store.transact(transaction) };
  }

  #read(names: readonly string[]): Outcome {
    const { revision } = this.store.list('');
    const items = names.map((key) => this.store.get(key) ?? { key, value: null, revision });
    return { kind: 'read', items: items.flatMap((item) => viewItem(item, revision) ?? []) };
  }
}

export function rivalSession(): Session {
  return {
    coreId: rival,
    incarnation: 'x',
    renewals: 1,
    ended: false,
    sinceMs: 0,
    renewedMs: 0,
    version: '1',
    healthy: true,
    because: '',
    lagMs: 0,
    origin: null,
    ttlMs: timings.ttlMs,
    processes: [],
  };
}
