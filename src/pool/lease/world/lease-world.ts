import type { Item, Transaction } from '../../../coordination/coordination.ts';
import { actingRole, keys } from '../../../model/definitions.ts';
import { Agenda, xoshiro } from './agenda.ts';
import { LeaseJudge } from './lease-judge.ts';
import { step } from '../lease.ts';
import type { Mutant, Report } from './lease-mutant.ts';
import { initialLease } from '../lease-state.ts';
import type { LeaseEffect, LeaseEvent, Outcome } from '../lease-state.ts';
import { WorldCoordinator } from './lease-world-coordinator.ts';
import { faultsUntilMs, WorldFaults } from './lease-world-faults.ts';
import { poolText, WorldRestore } from './lease-world-restore.ts';
import { drawRole } from './lease-world-roles.ts';
import { knownBy, makeNode, nothingKnown, rememberedBy, type Node } from './lease-world-node.ts';
import { WorldLinks } from './lease-world-links.ts';
import { WorldServer } from './lease-world-server.ts';
import { timingsDefault as timings } from '../timings.ts';
import { viewItem, watchedPrefixes } from '../../view-item.ts';

export const virtualInterface = 'virtual-interface/main';
const roles = [actingRole, virtualInterface];
const nodesMax = 4;
const endMs = 60_000;

export function simulateLease(seed: number, mutant: Mutant = { name: 'none' }): Report {
  const world = new LeaseWorld(seed, mutant);
  return world.run();
}

/**
 * A little world for the tests of the lease: keepers and server processes with clocks that drift, that stop at any
 * point and for any time, around a coordinator that is late, mute or away. One seed, one run. The judge keeps its own
 * record, from what the coordinator committed and what the server processes were told; it never asks the code.
 */
class LeaseWorld {
  readonly #random: () => number;
  readonly #mutant: Mutant;
  readonly #nodes: Node[] = [];
  readonly #queue = new Agenda();
  readonly #judge = new LeaseJudge();
  readonly #coordinator = new WorldCoordinator({
    judge: this.#judge,
    nowMs: () => this.#nowMs,
    after: (delayMs, run) => this.#after(delayMs, run),
    within: (fromMs, toMs) => this.#within(fromMs, toMs),
    random: () => this.#random(),
    count: (what) => this.#count(what),
    faulty: () => this.#isFaulty(),
  });
  readonly #links = new WorldLinks(this.#nodes, {
    nowMs: () => this.#nowMs,
    after: (delayMs, run) => this.#after(delayMs, run),
    latencyMs: () => this.#coordinator.latencyMs(),
    answerDelayMs: () => (this.#isFaulty() && this.#random() < 0.2 ? this.#within(100, 2_500) : 0),
    isLost: () => this.#isFaulty() && this.#random() < 0.02,
    say: (node, message) => this.#step(node, node.run, { kind: 'server said', message }),
  });
  readonly #faults = new WorldFaults({
    nodes: this.#nodes,
    nowMs: () => this.#nowMs,
    random: () => this.#random(),
    after: (delayMs, run) => this.#after(delayMs, run),
    within: (fromMs, toMs) => this.#within(fromMs, toMs),
    pick: (from) => this.#pick(from),
    count: (what) => this.#count(what),
    coordinatorAway: (untilMs) => void (this.#coordinator.awayUntilMs = untilMs),
    pauseKeeper: (node) => this.#pauseKeeper(node),
    killKeeper: (node) => this.#killKeeper(node),
    killServer: (node) => this.#killServer(node, node.server?.pid ?? 0),
    define: (pinned) => this.#putRole(this.#pick(roles), pinned),
  });
  readonly #restore = new WorldRestore({
    coordinator: this.#coordinator,
    judge: this.#judge,
    random: () => this.#random(),
    after: (delayMs, run) => this.#after(delayMs, run),
    within: (fromMs, toMs) => this.#within(fromMs, toMs),
    count: (what) => this.#count(what),
  });
  readonly #counts = new Map<string, number>();
  #nowMs = 0;
  #pids = 1;

  constructor(seed: number, mutant: Mutant) {
    this.#random = xoshiro(seed);
    this.#mutant = mutant;
    const count = Math.floor(this.#within(nodesMax - 1, nodesMax + 1));
    for (let i = 0; i < count; i++) this.#nodes.push(makeNode(i, this.#random));
    this.#define();
  }

  run(): Report {
    for (const node of this.#nodes.slice(0, -1)) this.#startKeeper(node);
    const restoredMs = this.#restore.begin();
    const joinsMs = restoredMs === null ? this.#within(100, 30_000) : restoredMs + this.#within(0, 2_000);
    this.#after(joinsMs, () => this.#join());
    this.#faults.begin();
    for (let next = this.#queue.next(); next !== undefined && next.atMs <= endMs; next = this.#queue.next()) {
      this.#nowMs = next.atMs;
      next.run();
    }
    this.#judgeEnd();
    this.#counts.set('taken', this.#judge.taken);
    return { violations: this.#judge.violations, counts: this.#counts };
  }

  /** All faults are over for long: each role has exactly one holder, and it acts. */
  #judgeEnd(): void {
    for (const role of roles) {
      const acting = this.#nodes.filter((node) => this.#isActing(node, role)).length;
      if (acting !== 1) this.#judge.object(this.#nowMs, `${role}: ${acting} act at the end`);
    }
  }

  #isActing(node: Node, role: string): boolean {
    return node.server?.isActing(role) ?? false;
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  // Keepers.

  #define(): void {
    const [{ coreId: id } = { coreId: '' }] = this.#nodes;
    this.#put(keys.pool, poolText(id, []));
    for (const { coreId } of this.#nodes.slice(0, -1)) this.#put(keys.server(coreId), '{}');
    for (const role of roles) this.#putRole(role, null);
  }

  /** A server joins while the others run, also one that somebody who holds a role does not hear of. */
  #join(): void {
    for (const node of this.#nodes.slice(-1)) {
      if (this.#coordinator.isAway) return this.#after(500, () => this.#join());
      this.#put(keys.server(node.coreId), '{}');
      this.#startKeeper(node);
      if (this.#random() < 0.5) this.#faults.onlyOneReaches(node);
    }
  }

  #putRole(role: string, pinned: string | null): void {
    const members = this.#nodes.map(({ coreId }) => coreId);
    const from = { random: this.#random, members, store: this.#coordinator.store };
    const definition = drawRole(role, pinned, from);
    if (definition.move !== undefined) this.#count('role moved');
    this.#put(keys.role(role), JSON.stringify(definition));
  }

  #put(key: string, value: string): void {
    this.#coordinator.store.transact({ conditions: [], writes: [{ key, value }] });
  }

  #startKeeper(node: Node): void {
    const run = ++node.run;
    // A starting keeper first makes sure that the server of the one before is no more.
    node.server?.die();
    node.server = null;
    node.pausedUntilMs = 0;
    node.inbox.length = 0;
    node.seen.clear();
    const config = { coreId: node.coreId, timings, version: '1', run: `r${run}` };
    node.state = initialLease({ ...config, ...rememberedBy(node, this.#nowMs) });
    this.#tick(node, run);
    this.#watch(node, run);
    this.#startServer(node, run);
  }

  #tick(node: Node, run: number): void {
    if (node.run !== run) return;
    // A stopped process has one timer waiting for it, not many.
    if (!this.#isPaused(node)) this.#step(node, run, { kind: 'tick' });
    this.#after(50, () => this.#tick(node, run));
  }

  #watch(node: Node, run: number): void {
    if (node.run !== run) return;
    const reaches = !this.#coordinator.isAway && this.#nowMs >= node.cutUntilMs;
    if (reaches && !this.#isPaused(node) && this.#random() < 0.7) this.#readChanges(node, run);
    this.#after(25, () => this.#watch(node, run));
  }

  #readChanges(node: Node, run: number): void {
    for (const kind of ['pool', 'session', 'holder', 'role', 'server'] as const) {
      const from = node.seen.get(kind) ?? -1;
      const { changes, upTo } = this.#coordinator.store.changesAfter(watchedPrefixes[kind], from);
      node.seen.set(kind, upTo);
      for (const { reset, revision: asOf, items } of changes)
        this.#step(node, run, {
          kind: 'view',
          whole: reset ? kind : null,
          asOf,
          items: viewItems(items, asOf),
        });
    }
  }

  #isPaused(node: Node): boolean {
    return this.#nowMs < node.pausedUntilMs;
  }

  /** What reaches a stopped keeper waits until it goes on. */
  #inKeeper(node: Node, run: number, what: () => void): void {
    if (node.run !== run) return;
    if (this.#isPaused(node)) node.inbox.push(() => this.#inKeeper(node, run, what));
    else what();
  }

  #step(node: Node, run: number, event: LeaseEvent): void {
    this.#inKeeper(node, run, () => this.#stepNow(node, run, event));
  }

  #stepNow(node: Node, run: number, event: LeaseEvent): void {
    if (node.state === null) return;
    const now = { monotonicMs: this.#mono(node), wallMs: Math.floor(1e9 + this.#nowMs) };
    this.#mutant.before?.(node.state, now);
    const [state, effects] = step(node.state, event, now);
    this.#mutant.after?.(state, event, now);
    node.state = state;
    // It may be stopped right here, between what it decided and what it does.
    if (this.#random() < 0.002 && this.#nowMs < faultsUntilMs) this.#pauseKeeper(node);
    this.#inKeeper(node, run, () => {
      for (const effect of effects) this.#effect(node, run, effect);
    });
  }

  #effect(node: Node, run: number, effect: LeaseEffect): void {
    switch (effect.kind) {
      case 'transact':
        return this.#transactFrom(node, run, effect.call, effect.transaction);
      case 'read':
        return this.#call(node, run, effect.call, this.#coordinator.latencyMs(), () =>
          this.#coordinator.read(effect.keys),
        );
      case 'grant':
        return node.server?.take(effect.grants);
      case 'ask':
        return node.server?.run(() => this.#links.ask(node, effect));
      case 'answer':
        if (effect.promised && this.#isFaulty()) this.#faults.promised(node, effect.to);
        return node.server?.run(() => this.#links.answer(node, effect));
      case 'refused':
        return this.#count('promise refused');
      case 'kill server':
        this.#count('hung server killed');
        return this.#killServer(node, node.server?.pid ?? 0);
      case 'end processes':
        this.#count('rival ended');
        for (const other of this.#nodes)
          if (effect.processes.some(({ pid }) => pid === other.server?.pid))
            this.#killServer(other, other.server?.pid ?? 0);
        return;
      case 'session':
        return this.#count(`session ${effect.what}`);
      case 'changed':
        return this.#count(`role ${effect.change.change}`);
      // No role of this world has an address; src/carriers has a world of its own.
      case 'carry':
      case 'expect':
        return;
      case 'doubt':
        node.known = { ...node.known, ...knownBy(node.state), notedMs: null };
        return this.#restore.doubted(this.#nowMs, effect.because);
      case 'look again':
        return node.seen.clear();
      case 'tell':
        if (node.state?.isTrusted && node.state.doubt === null)
          node.known = { lineage: effect.lineage, ...knownBy(node.state), notedMs: this.#nowMs };
        return node.server?.run(() => this.#links.tell(node, effect));
      case 'lineage':
        node.known = { ...nothingKnown, lineage: effect.lineage };
        return;
      case 'follow':
      case 'stop server':
      case 'stopped':
    }
  }

  /** Now and then stopped or killed with the call under way, which goes on without it: where the worst cases are. */
  #transactFrom(node: Node, run: number, call: number, transaction: Transaction): void {
    const takes = !transaction.writes.some(({ key }) => key.startsWith(keys.sessions));
    const faulty = this.#isFaulty();
    // Renewals are many, takes are few; so these meet more trouble.
    const late = faulty && takes && this.#random() < 0.2;
    const requestMs = late ? this.#within(100, 6_000) : this.#coordinator.latencyMs();
    const asked = this.#mutant.transaction?.(transaction, node.coreId) ?? transaction;
    this.#call(node, run, call, requestMs, () => this.#coordinator.transact(asked));
    const chance = faulty ? this.#random() / (takes ? 10 : 1) : 1;
    if (chance < 0.005) this.#killKeeper(node);
    else if (chance < 0.02) this.#stutter(node);
    else if (chance < 0.035) this.#pauseKeeper(node);
  }

  /** The request still gets through; then the way is cut, and the answer waits at a keeper that is stopped for a while. */
  #stutter(node: Node): void {
    this.#pauseKeeper(node, this.#within(500, 2_800));
    this.#after(20, () => this.#faults.cut(node));
  }

  #pauseKeeper(node: Node, durationMs = this.#faults.durationMs()): void {
    this.#count('keeper stopped');
    node.pausedUntilMs = Math.max(node.pausedUntilMs, this.#nowMs + durationMs);
    const { run } = node;
    this.#after(durationMs + 0.001, () => {
      if (node.run !== run || this.#isPaused(node)) return;
      this.#step(node, run, { kind: 'tick' });
      for (const waiting of node.inbox.splice(0)) waiting();
    });
  }

  #call(node: Node, run: number, call: number, requestMs: number, execute: () => Outcome): void {
    const answer = (outcome: Outcome): void => this.#step(node, run, { kind: 'answered', call, outcome });
    this.#coordinator.call(requestMs, () => this.#nowMs >= node.cutUntilMs, execute, answer);
  }

  // Server processes.

  /** Only a keeper that is awake starts a server. */
  #startServer(node: Node, run: number): void {
    this.#after(this.#within(100, 600), () =>
      this.#inKeeper(node, run, () => this.#startServerNow(node, run)),
    );
  }

  #startServerNow(node: Node, run: number): void {
    if (node.server !== null) return;
    const server = new WorldServer(this.#pids++, {
      coreId: node.coreId,
      nowMs: () => this.#nowMs,
      monotonicMs: () => this.#mono(node),
      after: (delayMs, what) => this.#after(delayMs, what),
      within: (fromMs, toMs) => this.#within(fromMs, toMs),
      say: (message) => this.#step(node, run, { kind: 'server said', message }),
      acts: (role) => this.#judgeActors(role),
    });
    node.server = server;
    const process = { pid: server.pid, startTicks: 0, bootId: 'boot' };
    this.#step(node, run, { kind: 'server started', process });
  }

  #judgeActors(role: string): void {
    const acting = this.#nodes.filter((node) => this.#isActing(node, role));
    const names = acting.map(({ coreId }) => coreId.at(-1) ?? '');
    this.#judge.actors(this.#nowMs, role, names);
  }

  #killServer(node: Node, pid: number): void {
    const { run } = node;
    this.#after(this.#within(1, 20), () => {
      if (node.server?.pid !== pid) return;
      node.server.die();
      node.server = null;
      this.#inKeeper(node, run, () => {
        this.#step(node, run, { kind: 'server ended' });
        this.#startServer(node, run);
      });
    });
  }

  /** Its server notices that the pipe is closed, unless it is stopped itself. */
  #killKeeper(node: Node): void {
    this.#count('keeper killed');
    const run = ++node.run;
    const { server } = node;
    node.state = null;
    this.#after(this.#within(0, 50), () => server?.run(() => server.die()));
    this.#after(this.#within(100, 5_000), () => {
      if (node.run === run) this.#startKeeper(node);
    });
  }

  // Time and chance.

  #isFaulty(): boolean {
    return this.#nowMs < faultsUntilMs;
  }

  #mono(node: Node): number {
    return node.offsetMs + this.#nowMs * node.rate;
  }

  #after(delayMs: number, run: () => void): void {
    this.#queue.add(this.#nowMs + delayMs, run);
  }

  #within(fromMs: number, toMs: number): number {
    return fromMs + this.#random() * (toMs - fromMs);
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T;
  }
}

function viewItems(items: readonly (Item | { key: string; value: null; revision: number })[], asOf: number) {
  return items.flatMap((item) => viewItem(item, asOf) ?? []);
}
