import type { Holder } from '../../model/definitions.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Released } from '../grants.ts';
import { isFit } from './lease-session.ts';
import type { LeaseEffect, LeaseState, Now } from './lease-state.ts';
import type { Placement } from './placement.ts';
import { isCarried, isOurs } from './lease-view.ts';

/** For the one that shall have it to take it; then it is released in the coordinator as ever. */
const handoverMs = 250;
/** Who told us something so lately hears us too, most probably. */
const heardLatelyMs = 3_000;

/** A role that we have told to be free although our record still names us. */
export interface HandedOver {
  readonly epoch: number;
  readonly untilMs: number;
  readonly told: Released;
}

/**
 * A role with an address that goes to another server is handed over by word: nothing of it is left here, and we never act for it
 * under that epoch again, so the other one may take it from us at once. Its transaction decides, as ever. That spares one of
 * the two transactions that the address would be silent for.
 */
export function handOver(
  state: LeaseState,
  placed: { get(role: string): Placement | undefined },
  effects: LeaseEffect[],
  now: Now,
): void {
  const { lineage, before, highest: revision, sessionRevision: session } = state;
  for (const [role, { epoch }] of state.handed) {
    const holder = state.holders.get(role)?.holder ?? null;
    if (!isOurs(state, holder) || holder.epoch !== epoch) state.handed.delete(role);
  }
  if (lineage === null || state.server === null || !isFit(state)) return;
  const news = [...state.left].flatMap(([role, because]) => {
    const holder = state.holders.get(role)?.holder ?? null;
    if (!mayHandOver(state, role, holder, placed.get(role)?.desired ?? null, now)) return [];
    const { epoch, incarnation } = holder;
    return [{ role, epoch, incarnation, because, sinceMs: now.wallMs }];
  });
  if (news.length === 0) return;
  for (const told of news)
    state.handed.set(told.role, { epoch: told.epoch, untilMs: now.monotonicMs + handoverMs, told });
  effects.push({ kind: 'tell', lineage, before: [...before], revision, session, released: news });
}

function mayHandOver(
  state: LeaseState,
  role: string,
  holder: Holder | null,
  desired: Uuid | null,
  now: Now,
): holder is Holder & { incarnation: string } {
  if (!isCarried(state, role) || state.held.has(role) || state.carried.has(role)) return false;
  if (!isOurs(state, holder) || holder.incarnation === null || state.handed.has(role)) return false;
  if (now.monotonicMs < (state.granted.get(role)?.deadlineMs ?? -Infinity)) return false;
  if (desired === null || desired === state.config.coreId) return false;
  const heard = state.heard.get(desired);
  return heard?.lineage === state.lineage && now.monotonicMs - heard.atMs < heardLatelyMs;
}

/** Whether the one that we told of it has still time to take it. */
export function isHandedOver(state: LeaseState, { role, epoch }: Holder, now: Now): boolean {
  const handed = state.handed.get(role);
  return handed?.epoch === epoch && now.monotonicMs < handed.untilMs;
}
