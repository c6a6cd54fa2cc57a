import type { LeaseState } from './lease-state.ts';

/** A step works on its own copy; what the maps hold is never changed in place. */
export function copyOf(state: LeaseState): LeaseState {
  return {
    ...state,
    viewed: new Set(state.viewed),
    sessions: new Map(state.sessions),
    holders: new Map(state.holders),
    definitions: new Map(state.definitions),
    servers: new Set(state.servers),
    fit: new Map(state.fit),
    held: new Map(state.held),
    left: new Map(state.left),
    promises: new Map(state.promises),
    carried: new Set(state.carried),
    granted: new Map(state.granted),
    handed: new Map(state.handed),
    freed: new Map(state.freed),
    expected: new Map(state.expected),
    fitness: new Map(state.fitness),
    regains: new Set(state.regains),
    heard: new Map(state.heard),
    epochs: new Map(state.epochs),
  };
}
