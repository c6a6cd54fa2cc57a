import { actingRole, holderSchema, keys, type RoleDefinition } from '../../../model/definitions.ts';
import type { Uuid } from '../../../model/uuid.ts';
import type { MemoryStore } from '../../../coordination/memory.ts';

/** What operators of the little world do to a role: whatever they may, whenever they like. */
export function drawRole(
  role: string,
  pinned: Uuid | null,
  from: { readonly random: () => number; readonly members: readonly Uuid[]; readonly store: MemoryStore },
): RoleDefinition {
  const { random, members, store } = from;
  const draw = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const to = random() < 0.3 ? draw(members) : undefined;
  return {
    role,
    order: random() < 0.5 ? [...members] : [],
    failback: random() < 0.5 ? 'manual' : 'automatic',
    settleMs: draw([0, 500, 5_000]) ?? 0,
    pinned,
    carrier: role === actingRole ? null : { kind: 'listen', host: '127.0.0.1', port: 1 },
    // Now and then asked for at an epoch that has passed.
    ...(to === undefined
      ? {}
      : { move: { to, epoch: Math.max(0, epochOf(store, role) - (draw([0, 0, 0, 1]) ?? 0)) } }),
  };
}

function epochOf(store: MemoryStore, role: string): number {
  const item = store.get(keys.holder(role));
  return item === null ? 0 : holderSchema.parse(JSON.parse(item.value)).epoch;
}
