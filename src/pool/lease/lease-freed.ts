import type { Holder } from '../../model/definitions.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Released } from '../grants.ts';
import type { LeaseState } from './lease-state.ts';

/** A role that another server said it has let go of for good, under that epoch of that session. */
export interface Freed extends Released {
  readonly from: Uuid;
}

/** What a member said that it has let go of; kept until its record says so too. */
export function noteFreed(state: LeaseState, from: Uuid, released: readonly Released[]): void {
  for (const each of released) state.freed.set(each.role, { ...each, from });
}

/** The word of the very holder that the record names, about this very holding of it. */
export function freedBy(state: LeaseState, holder: Holder): Freed | null {
  const freed = state.freed.get(holder.role);
  const { from, epoch, incarnation } = freed ?? {};
  const isIt = from === holder.holder && epoch === holder.epoch && incarnation === holder.incarnation;
  return freed !== undefined && isIt ? freed : null;
}
