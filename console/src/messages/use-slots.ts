import { useRef } from 'react';

/**
 * Which element draws which message. A message keeps its element while it is in view; one that comes into view takes
 * the element of one that went, since filling an element anew costs a browser far less than making one.
 */
export function useSlots(drawn: readonly { readonly id: string }[]): ReadonlyMap<string, number> {
  const kept = useRef<ReadonlyMap<string, number>>(new Map());
  kept.current = slotsOf(kept.current, drawn);
  return kept.current;
}

/** Stable: the same messages in any order give the same slots again. */
export function slotsOf(
  before: ReadonlyMap<string, number>,
  drawn: readonly { readonly id: string }[],
): ReadonlyMap<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const { id } of drawn) {
    const slot = before.get(id);
    if (slot === undefined) continue;
    slots.set(id, slot);
    taken.add(slot);
  }
  let next = 0;
  for (const { id } of drawn) {
    if (slots.has(id)) continue;
    while (taken.has(next)) next += 1;
    slots.set(id, next);
    next += 1;
  }
  return slots;
}
