import type { Uuid } from '../../../model/uuid.ts';
import type { LeaseConfig, LeaseState, ViewItem } from '../lease-state.ts';
import type { WorldServer } from './lease-world-server.ts';
import { timingsDefault } from '../timings.ts';

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
  known: Known;
}

interface Known {
  readonly lineage: string;
  readonly revision: number;
  readonly session: number;
  readonly wasAlone: boolean;
  readonly notedMs: number | null;
}

export const nothingKnown: Known = { lineage: '', revision: 0, session: 0, wasAlone: false, notedMs: null };

/** Shorter than any backup is old. */
const memoryMs = 2_000;

export function rememberedBy({ known }: Node, nowMs: number): Partial<LeaseConfig> {
  const { lineage, revision, session: sessionRevision, wasAlone, notedMs } = known;
  if (lineage === '') return { isCautious: true, memoryMs };
  const awayMs = notedMs === null ? null : nowMs - notedMs;
  return { lineage, revision, sessionRevision, awayMs, wasAlone, isCautious: true, memoryMs };
}

export function knownBy(state: LeaseState | null): Pick<Known, 'revision' | 'session' | 'wasAlone'> {
  const { highest = 0, sessionRevision = 0, wasAlone = false } = state ?? {};
  return { revision: highest, session: sessionRevision, wasAlone };
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
    known: nothingKnown,
  };
}
