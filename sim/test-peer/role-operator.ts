import {
  holderSchema,
  keys,
  roleDefinitionSchema,
  settleMsDefault,
  type Holder,
  type RoleDefinition,
} from '../../src/model/definitions.ts';
import type { Uuid } from '../../src/model/uuid.ts';
import type { SimCoordinator } from '../world/coordinator.ts';
import type { SeededRandom } from '../world/random.ts';
import { check } from '../world/violation.ts';
import type { World } from '../world/world.ts';

const everyMs = 6_000;
/** Failback must have happened by the time that a run looks at the end of it. */
const settleMsChoices = [0, 1_000, 4_000];

/**
 * Somebody who moves, pins and orders roles in the middle of everything, by writing what `POST /api/v1/roles/:role`
 * would write, without its look at who is well: the keepers must cope with any of it.
 */
export class RoleOperator {
  readonly #world: World;
  readonly #coordinator: SimCoordinator;
  readonly #roles: readonly string[];
  readonly #servers: readonly Uuid[];
  readonly #random: SeededRandom;

  constructor(world: World, coordinator: SimCoordinator, roles: readonly string[], servers: readonly Uuid[]) {
    this.#world = world;
    this.#coordinator = coordinator;
    this.#roles = roles;
    this.#servers = servers;
    this.#random = world.random.fork('operator of roles');
  }

  /** In some runs nobody touches anything, so that what faults do alone is seen as well. */
  begin(fromMs: number, untilMs: number): void {
    if (this.#random.chance(0.6)) this.#schedule(fromMs, untilMs);
  }

  /** Once all servers are well and roles have come to rest, each is where its definition says. */
  checkObeyed(): void {
    for (const role of this.#roles) {
      const { definition, holder } = this.#read(role);
      if (definition === null) continue;
      const why = whyElsewhere(definition, holder);
      check(
        why === null,
        'roles are where operators want them (I16)',
        () => `${role} is held by ${holder?.holder}: ${why}`,
      );
    }
  }

  #schedule(fromMs: number, untilMs: number): void {
    const atMs = fromMs + this.#random.around(everyMs);
    if (atMs >= untilMs) return;
    this.#world.scheduler.at(atMs, 'an operator', () => {
      this.#act();
      this.#schedule(atMs, untilMs);
    });
  }

  #act(): void {
    const role = this.#random.pick(this.#roles);
    const { definition, holder } = this.#read(role);
    if (definition === null) return;
    const kind = this.#random.pick(['move', 'move', 'pin', 'unpin', 'order', 'failback'] as const);
    this.#world.trace.count(`an operator: ${kind}`);
    const changed = { ...definition, ...this.#change(kind, holder) };
    this.#coordinator.store.transact({
      conditions: [],
      writes: [{ key: keys.role(role), value: JSON.stringify(changed) }],
    });
  }

  #change(
    kind: 'move' | 'pin' | 'unpin' | 'order' | 'failback',
    holder: Holder | null,
  ): Partial<RoleDefinition> {
    const server = this.#random.pick(this.#servers);
    if (kind === 'move') return { move: { to: server, epoch: holder?.epoch ?? 0 } };
    if (kind === 'pin') return { pinned: server };
    if (kind === 'unpin') return { pinned: null };
    if (kind === 'failback')
      return {
        failback: this.#random.pick(['manual', 'automatic'] as const),
        settleMs: this.#random.pick(settleMsChoices),
      };
    const others = this.#servers.filter((other) => other !== server && this.#random.chance(0.7));
    return { order: [server, ...others] };
  }

  #read(role: string): { definition: RoleDefinition | null; holder: Holder | null } {
    const { store } = this.#coordinator;
    const definition = store.get(keys.role(role));
    const holder = store.get(keys.holder(role));
    return {
      definition: definition === null ? null : roleDefinitionSchema.parse(JSON.parse(definition.value)),
      holder: holder === null ? null : holderSchema.parse(JSON.parse(holder.value)),
    };
  }
}

/** Written from what operators are promised, not from how placement works it out. */
function whyElsewhere(definition: RoleDefinition, record: Holder | null): string | null {
  const { pinned, move, failback, settleMs = settleMsDefault, order } = definition;
  const holder = record?.holder ?? null;
  if (pinned !== null) return holder === pinned ? null : `it is pinned to ${pinned}`;
  if (move !== undefined && move.epoch === record?.epoch)
    return holder === move.to ? null : `it was to move to ${move.to}`;
  const [first] = order;
  const mayStay = failback === 'manual' || record?.because === 'moved by an operator';
  if (mayStay || first === undefined || holder === first || settleMs > Math.max(...settleMsChoices))
    return null;
  return `${first} is preferred, is well, and failback is automatic`;
}
