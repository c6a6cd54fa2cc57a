import type { SeededRandom } from '../world/random.ts';
import { unreachable } from '../../src/model/invariant.ts';
import type { StrikePoint } from '../world/process.ts';
import type { Fault, FaultKind } from './fault.ts';

export interface FaultScope {
  readonly fromMs: number;
  readonly untilMs: number;
  /** The machines that may be struck. */
  readonly machines: readonly string[];
  /** Further machines that are only cut off. */
  readonly others: readonly string[];
  readonly kinds: readonly FaultKind[];
  /** Among the machines: servers, which can be replaced and lose power all at once; none where that is not modelled. */
  readonly servers?: readonly string[];
  /** Among the machines: those that can be given more work than they bear. */
  readonly sources?: readonly string[];
  /** Whether what runs there calls programs of the system. */
  readonly callsPrograms?: boolean;
  /** How long a lease lasts: much changes when a fault is about as long. */
  readonly leaseMs: number;
  /** Mean time between two faults of one kind, drawn from this range for each kind. */
  readonly everyMs: readonly [number, number];
}

const points: readonly (StrikePoint | null)[] = [null, 'before commit', 'after commit', 'send', 'decision'];
/** Longer than a node may be away before the acting server calls it silent. */
const silentMs = 35_000;

/** What changes much at once comes less often. */
const rarity: Partial<Record<FaultKind, number>> = {
  blackout: 8,
  replace: 8,
  restore: 6,
  overload: 10,
  'lost tail': 4,
  outage: 2,
};

/** Draws a plan. Half of the kinds are switched off in each, and how often the rest strike is drawn as well. */
export function planFaults(random: SeededRandom, scope: FaultScope): Fault[] {
  const faults = scope.kinds.flatMap((kind) => {
    const ofKind = random.fork(kind);
    if (scope.kinds.length > 1 && ofKind.chance(0.5)) return [];
    const everyMs = ofKind.between(...scope.everyMs) * (rarity[kind] ?? 1);
    const list: Fault[] = [];
    for (
      let atMs = scope.fromMs + ofKind.around(everyMs);
      atMs < scope.untilMs;
      atMs += ofKind.around(everyMs)
    )
      list.push(drawFault(kind, Math.round(atMs), ofKind, scope));
    return list;
  });
  return faults.sort((a, b) => a.atMs - b.atMs);
}

function drawFault(kind: FaultKind, atMs: number, random: SeededRandom, scope: FaultScope): Fault {
  const machine = random.pick(scope.machines);
  const from = random.pick([...scope.machines, ...scope.others]);
  const to = random.pick(
    scope.machines.filter((name) => name !== from).concat(scope.machines.length > 1 ? [] : scope.others),
  );
  const durationMs = Math.round(drawDurationMs(random, scope.leaseMs));
  switch (kind) {
    case 'kill':
    case 'pause':
      return { kind, atMs, machine, durationMs, point: random.pick(points) };
    case 'power loss':
      return { kind, atMs, machine, durationMs: random.chance(0.1) ? durationMs * 8 : durationMs };
    case 'restore':
      return { kind, atMs, agoMs: random.int(20_000), durationMs };
    case 'blackout':
      return { kind, atMs, machines: scope.servers ?? [], durationMs };
    case 'lost tail': {
      const agoMs = Math.round(random.chance(0.5) ? random.between(5, 300) : random.between(300, 15_000));
      return { kind, atMs, machine: random.pick(scope.servers ?? []), agoMs, durationMs };
    }
    case 'replace':
      return { kind, atMs, machine: random.pick(scope.servers ?? []), durationMs };
    case 'overload':
      return { kind, atMs, machine: random.pick(scope.sources ?? []), count: 50 + random.int(500) };
    case 'isolate':
      return { kind, atMs, machine, durationMs: random.chance(0.2) ? durationMs + silentMs : durationMs };
    case 'disk full':
    case 'failing disk':
      return { kind, atMs, machine, durationMs };
    case 'freeze': {
      const atProgram = scope.callsPrograms === true && random.chance(0.5);
      return { kind, atMs, machine, durationMs, point: atProgram ? 'program' : null };
    }
    case 'outage': {
      const except = random.chance(0.5) ? null : random.pick(scope.machines);
      return { kind, atMs, machine: random.pick(scope.others), except, durationMs };
    }
    case 'slow disk':
      return { kind, atMs, machine, durationMs, meanMs: Math.round(random.between(20, 600)) };
    case 'clock jump':
      return { kind, atMs, machine, byMs: Math.round(random.between(-1, 1) * 10 ** random.between(2, 11.5)) };
    case 'cut':
    case 'one-way cut':
      return { kind, atMs, from, to, durationMs };
    case 'slow link':
      return { kind, atMs, from, to, durationMs, meanMs: Math.round(random.between(20, 1_500)) };
    case 'reset':
    case 'half open':
      return { kind, atMs, from, to };
    default:
      return unreachable(kind);
  }
}

/** Short, about as long as a lease, or long: the rules change between them. */
function drawDurationMs(random: SeededRandom, leaseMs: number): number {
  const span = random.pick<[number, number]>([
    [20, 1_000],
    [0.8 * leaseMs, 1.2 * leaseMs],
    [1_000, 20_000],
  ]);
  return random.between(...span);
}
