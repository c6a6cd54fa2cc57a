import type { Origin, Positions } from '../model/origin.ts';
import type { Journal } from './journal.ts';
import type { OriginHead } from './origin-heads.ts';

export interface TrimMember {
  /** What the member said it has; null when it never said anything. */
  readonly positions: Positions | null;
  /** How long it has been away; 0 while it is connected. */
  readonly absentMs: number;
}

export interface TrimLimits {
  readonly keepMs: number;
  readonly keepForAbsentMs: number;
  readonly keepForAbsentBytes: number;
}

export interface TrimInput {
  readonly heads: readonly (Pick<OriginHead, 'origin' | 'firstKept' | 'last' | 'bytes'> & {
    /** The highest entry that is older than `keepMs`; `firstKept - 1` when none is. */
    readonly oldSeq: number;
  })[];
  /** Every other server of the pool. */
  readonly members: readonly TrimMember[];
  /** Entries not applied yet stay: the lowest of each origin. */
  readonly unapplied: ReadonlyMap<Origin, number>;
  readonly limits: TrimLimits;
}

export interface TrimPlan {
  readonly trim: readonly { readonly origin: Origin; readonly upTo: number }[];
  /** The limits alone would let more go, which no majority has, or somebody lacks who has what we lack. */
  readonly isHeldBack: boolean;
}

/**
 * What may go: older than `keepMs`, and known to every member. A member that is away holds it back for
 * `keepForAbsentMs`, and only while the whole journal is smaller than `keepForAbsentBytes`; later it takes a snapshot.
 *
 * Whatever the limits say, what goes is known to a majority of the pool's servers. Two parts of a pool that cannot reach
 * each other would else each let go of what the other lacks, and a snapshot of either would lack what the other had. For the same
 * reason whoever has what we lack holds back what it lacks itself, for as long as it takes: of three that are cut off in turn, each
 * pair is a majority.
 */
export function planTrim({ heads, members, unapplied, limits }: TrimInput): TrimPlan {
  const bytes = heads.reduce((sum, head) => sum + head.bytes, 0);
  const isWaitedFor = ({ absentMs }: TrimMember): boolean =>
    absentMs === 0 || (absentMs <= limits.keepForAbsentMs && bytes <= limits.keepForAbsentBytes);
  const ownPositions = new Map(heads.map(({ origin, last }) => [origin, last]));
  const waitedFor = members.filter(isWaitedFor);
  const ahead = members.filter((member) => !isWaitedFor(member) && hasWhatIsLacking(member, ownPositions));
  let isHeldBack = false;
  const trim = heads.flatMap(({ origin, firstKept, last, oldSeq }) => {
    const known = (of: readonly TrimMember[]): number[] =>
      of.map(({ positions }) => positions?.[origin] ?? 0);
    const kept = unapplied.get(origin);
    const allowed = Math.min(last, oldSeq, ...known(waitedFor), kept === undefined ? last : kept - 1);
    const upTo = Math.min(allowed, knownToMajority(members, origin, last), ...known(ahead));
    if (upTo < allowed && allowed >= firstKept) isHeldBack = true;
    return upTo >= firstKept ? [{ origin, upTo }] : [];
  });
  return { trim, isHeldBack };
}

function hasWhatIsLacking({ positions }: TrimMember, own: ReadonlyMap<Origin, number>): boolean {
  return Object.entries(positions ?? {}).some(([origin, seq]) => seq > (own.get(origin) ?? 0));
}

/** How far a majority of all servers has `origin`, this one included; what a member that is away had counts. */
function knownToMajority(members: readonly TrimMember[], origin: Origin, last: number): number {
  const known = members.map(({ positions }) => positions?.[origin] ?? 0).toSorted((a, b) => b - a);
  const othersNeeded = Math.floor((members.length + 1) / 2);
  return othersNeeded === 0 ? last : (known[othersNeeded - 1] ?? 0);
}

/** One step deletes at most so many entries of an origin, so that it never holds the thread for long. */
const entriesPerStep = 2_000;

/** Plans and trims; to be called every now and then. Answers how many entries went, and whether more should have. */
export function trimJournal(
  journal: Journal,
  members: readonly TrimMember[],
  limits: TrimLimits,
  wallMs: number,
): { readonly entries: number; readonly isHeldBack: boolean } {
  const before = (wallMs - limits.keepMs) * 1_000;
  const heads = journal.heads().map((head) => ({ ...head, oldSeq: oldSeqOf(journal, head, before) }));
  const unapplied = new Map<Origin, number>();
  for (const { origin, seq } of journal.unapplied())
    unapplied.set(origin, Math.min(seq, unapplied.get(origin) ?? seq));
  const { trim, isHeldBack } = planTrim({ heads, members, unapplied, limits });
  let entries = 0;
  for (const { origin, upTo } of trim) {
    const first = journal.firstKept(origin);
    const last = Math.min(upTo, first + entriesPerStep - 1);
    journal.trim(origin, last);
    entries += last - first + 1;
  }
  return { entries, isHeldBack };
}

/** Stamps rise along an origin, so halving finds the last one before `before`; mostly not even the first is. */
function oldSeqOf(journal: Journal, { origin, firstKept, last }: OriginHead, before: number): number {
  let old = firstKept - 1;
  if (firstKept > last || !isOld(journal, origin, firstKept, before)) return old;
  let young = last + 1;
  while (young - old > 1) {
    const middle = Math.floor((old + young) / 2);
    if (isOld(journal, origin, middle, before)) old = middle;
    else young = middle;
  }
  return old;
}

function isOld(journal: Journal, origin: Origin, seq: number, before: number): boolean {
  const hlc = journal.hlcAt(origin, seq);
  return hlc !== null && hlc < before;
}
