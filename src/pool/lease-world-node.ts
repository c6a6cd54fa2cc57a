import type { Uuid } from '../model/uuid.ts';
import type { LeaseConfig, LeaseState, ViewItem } from './lease-state.ts';
import type { WorldServer } from './lease-world-server.ts';
import { timingsDefault } from './timings.ts';

/** One machine in the little world of leases, with a keeper and a server process. */
export interface Node {
  readonly coreId: Uuid;
  /** How fast its monotonic clock runs, and where it began. */
  readonly rate: number;
  readonly offsetMs: number;
  /** Counts the keepers that ran here; what belongs to an earlier one is dropped. */
  run: number;
  state: LeaseState | null;
  pausedUntilMs: number;
  readonly inbox: (() => void)[];
  server: WorldServer | null;
  /** From the coordinator. */
  cutUntilMs: number;
  /** What it sends to that other one is lost until then. */
  readonly linkCutUntilMs: Map<Uuid, number>;
  readonly seen: Map<ViewItem['kind'], number>;
  /** What its keepers leave for the next one. */
  known: { readonly lineage: string; readonly revision: number; readonly notedMs: number | null };
}

/** Shorter than any backup is old. */
const memoryMs = 2_000;

export function rememberedBy({ known }: Node, nowMs: number): Partial<LeaseConfig> {
  const { lineage, revision, notedMs } = known;
  if (lineage === '') return { isCautious: true, memoryMs };
  const awayMs = notedMs === null ? null : nowMs - notedMs;
  return { lineage, revision, awayMs, isCautious: true, memoryMs };
}

export function makeNode(index: number, random: () => number): Node {
  return {
    coreId: `00000000-0000-4000-8000-00000000000${index}`,
    rate: 1 + (random() * 2 - 1) * timingsDefault.rho,
    offsetMs: random() * 1e6,
    run: 0,
    state: null,
    pausedUntilMs: 0,
    inbox: [],
    server: null,
    cutUntilMs: 0,
    linkCutUntilMs: new Map(),
    seen: new Map(),
    known: { lineage: '', revision: 0, notedMs: null },
  };
}
