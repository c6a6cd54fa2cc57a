import type { Uuid } from '../../model/uuid.ts';

/** A node is called silent when no server of the pool has heard it for this long. */
export const silentAfterMs = 30_000;

export interface SilenceInput {
  /** Every node that is enrolled. */
  readonly nodes: readonly { readonly coreId: Uuid; readonly name: string }[];
  /** Those with a connection to a server that is alive. */
  readonly connected: ReadonlySet<Uuid>;
  /** Nodes with a silence message that still stands: raised after the node was last heard, and not closed by us. */
  readonly reported: ReadonlySet<Uuid>;
  /** Reported nodes whose message is open. */
  readonly open: ReadonlySet<Uuid>;
}

/** Since when, on our monotonic clock, each node that is not connected has been missed. */
export type SilenceState = ReadonlyMap<Uuid, number>;

export type SilenceVerdict =
  | {
      readonly do: 'raise';
      readonly node: Uuid;
      readonly name: string;
      readonly because: 'not heard for 30 s';
    }
  | { readonly do: 'close'; readonly node: Uuid; readonly because: 'node is connected again' };

/**
 * What the acting server decides about silent nodes. A new holder starts with an empty state, so every node gets the
 * whole time anew after a takeover: agents that are still looking for their next server are not reported.
 */
export function silenceStep(
  state: SilenceState,
  input: SilenceInput,
  nowMs: number,
): [SilenceState, SilenceVerdict[]] {
  const next = new Map<Uuid, number>();
  const verdicts: SilenceVerdict[] = [];
  for (const node of input.nodes) {
    if (input.connected.has(node.coreId)) {
      if (input.open.has(node.coreId)) {
        verdicts.push({ do: 'close', node: node.coreId, because: 'node is connected again' });
      }
      continue;
    }
    const missedSinceMs = state.get(node.coreId) ?? nowMs;
    next.set(node.coreId, missedSinceMs);
    if (nowMs - missedSinceMs >= silentAfterMs && !input.reported.has(node.coreId)) {
      verdicts.push({ do: 'raise', node: node.coreId, name: node.name, because: 'not heard for 30 s' });
    }
  }
  return [next, verdicts];
}
