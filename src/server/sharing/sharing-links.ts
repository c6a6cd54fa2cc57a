import { findSystem } from '../../flexible-management/find-system.ts';
import { encodeBody } from '../../journal/body.ts';
import type { LinkConnection } from '../../link/connection.ts';
import type { Entry, EntryBody } from '../../model/entry.ts';
import type { OtherPool } from '../../model/other-pools.ts';
import type { PolicyDefinition } from '../../model/policy-definitions.ts';
import type { ManagerSystem } from '../../model/policy.ts';
import type { SharingStatus } from '../../model/sharing.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Session } from '../agents/gateway.ts';
import { serverRules, type ServerRules } from '../message-rules/server-rules.ts';
import { messageBytesMax, type ServerState } from '../server-state.ts';
import { Outward, type DialledPool } from './outward.ts';
import { ShareExchange } from './share-exchange.ts';
import { takeShared } from './take-shared.ts';

/** Entries after which something may wait for another pool. */
const kindsOfInterest: ReadonlySet<string> = new Set(['decisions', 'operations', 'takeover', 'shared']);

/**
 * What this server does with other pools: while it acts it is connected to each that the rules name, or with which anything was
 * ever shared; servers of other pools come to whichever server they reach.
 */
export class SharingLinks {
  readonly #state: ServerState;
  readonly #outward: Outward;
  readonly #guests = new Set<ShareExchange>();
  #isActing = false;
  #knownPools = 0;
  #rules: { readonly of: readonly PolicyDefinition[]; readonly rules: readonly ServerRules[] } = {
    of: [],
    rules: [],
  };

  constructor(state: ServerState) {
    const { runtime } = state.parts;
    this.#state = state;
    this.#outward = new Outward({
      runtime,
      self: state.self,
      messageBytesMax,
      credentials: () => state.identities.credentials,
      serve: (connection, pool) => this.#exchange(connection, pool, 'dialled'),
    });
    state.parts.store.journal.onCommit((entries) => this.#committed(entries));
  }

  /** This server acts from now on. */
  began(): void {
    this.#isActing = true;
    this.definitionsChanged();
  }

  ended(): void {
    this.#isActing = false;
    this.#outward.set([]);
  }

  definitionsChanged(): void {
    if (this.#isActing) this.#outward.set(this.#wanted());
  }

  serveGuest(connection: LinkConnection, pool: OtherPool): Session {
    const exchange = this.#exchange(connection, pool, 'accepted');
    this.#guests.add(exchange);
    return {
      ended: () => {
        this.#guests.delete(exchange);
        exchange.ended();
      },
    };
  }

  status(): SharingStatus[] {
    const { sharing } = this.#state.parts.store.messages;
    const dialled = this.#isActing ? this.#wanted() : [];
    const names = new Map(
      [...sharing.pools(), ...dialled.map(({ id, name }) => ({ pool: id, name }))].map((one) => [
        one.pool,
        one.name,
      ]),
    );
    return [...names].map(([pool, poolName]) => {
      const { connectedTo = null, problem = null } = this.#outward.statusOf(pool) ?? {};
      return { pool, poolName, ...sharing.waiting(pool), connectedTo, problem };
    });
  }

  #committed(entries: readonly Entry[]): void {
    if (!entries.some(({ kind }) => kindsOfInterest.has(kind))) return;
    this.#outward.pump();
    for (const exchange of this.#guests) exchange.pump();
    const known = this.#state.parts.store.messages.sharing.pools().length;
    if (known !== this.#knownPools) this.definitionsChanged();
    this.#knownPools = known;
  }

  /** The servers that rules name come first, in the order of the rules. */
  #wanted(): DialledPool[] {
    const { pool, parts } = this.#state;
    const systems = pool.managerSystems();
    const named = new Map<Uuid, Set<ManagerSystem>>();
    for (const { policy } of this.#rulesNow())
      for (const { outcome } of policy.managers.flatMap(({ rules }) => rules))
        for (const { manager } of outcome.kind === 'targets' ? outcome.targets : []) {
          const found = findSystem(manager, systems);
          if (found?.pool)
            named.set(found.pool.id, (named.get(found.pool.id) ?? new Set()).add(found.system));
        }
    const shared = new Set(parts.store.messages.sharing.pools().map((one) => one.pool));
    return systems.pools
      .filter(({ id }) => named.has(id) || shared.has(id))
      .map(({ id, name, servers, authorities }) => {
        const first = [...(named.get(id) ?? [])];
        return {
          id,
          name,
          authorities,
          servers: [...first, ...servers.filter((one) => !first.includes(one))],
        };
      });
  }

  #rulesNow(): readonly ServerRules[] {
    const of = this.#state.pool.policies();
    if (of !== this.#rules.of) this.#rules = { of, rules: serverRules(of) };
    return this.#rules.rules;
  }

  #exchange(
    connection: LinkConnection,
    pool: Pick<DialledPool, 'id' | 'name'>,
    side: 'dialled' | 'accepted',
  ): ShareExchange {
    const { parts, copies } = this.#state;
    const { journal, messages } = parts.store;
    const { sharing } = messages;
    const own = { id: parts.config.pool.id, name: this.#state.pool.pool()?.name ?? '' };
    const append = (body: EntryBody<'settled'>): Promise<unknown> =>
      journal.append({ kind: 'settled', body: encodeBody('settled', body) }, body);
    return new ShareExchange(connection, {
      ...parts.runtime,
      copies,
      poolName: pool.name,
      // Whom to send messages is for the acting server to decide; what was done to those of another pool anybody may tell it.
      outbox: (limit) => sharing.outbox(pool.id, limit, side === 'dialled' ? 'everything' : 'operations'),
      itemOf: (item) => sharing.itemOf(item, own, pool.id),
      settle: (items) => append({ pool: pool.id, items: [...items] }),
      take: (items) => takeShared(this.#intake(own.id), this.#guestPool(pool), items),
      maySend: () => side === 'accepted' || this.#isActing,
    });
  }

  #intake(ownPool: Uuid) {
    const { pool, parts } = this.#state;
    return {
      ...parts.store,
      ownPool,
      isOwnNode: (name: string, coreId: Uuid) =>
        pool.node(coreId) !== null || pool.nodes().some((node) => node.name === name),
    };
  }

  /** As it is defined now; a pool that is not any more may send nothing. */
  #guestPool({ id, name }: Pick<DialledPool, 'id' | 'name'>): Pick<OtherPool, 'id' | 'name' | 'accept'> {
    return this.#state.pool.otherPools().find((one) => one.id === id) ?? { id, name, accept: [] };
  }
}
