import { timingProfiles, type Timings } from '../../src/pool/lease/timings.ts';
import type { ServerConfig } from '../../src/server/config.ts';
import type { SeededRandom } from '../world/random.ts';

/** What one seed's pool looks like and how much it has to do. */
export interface WholeShape {
  readonly servers: number;
  readonly agents: number;
  /** Mean time between two bursts of one agent. */
  readonly sendEveryMs: number;
  readonly burstMax: number;
  /** Whether a real address moves between the servers too. */
  readonly hasAddress: boolean;
  readonly journal: ServerConfig['journal'];
  /** Whether disks of servers may lose what was synced: then agents' buffers are large, since who has no room keeps no single copy. */
  readonly losesTails: boolean;
  readonly lease: Timings;
  /** Caps of the agents' buffers in bytes, one for each agent. */
  readonly bufferBytesMax: readonly number[];
  /** Between how many and how many milliseconds lie, in the mean, two faults of one kind. */
  readonly faultsEveryMs: readonly [number, number];
}

const keepLong = { keepMs: 1e9, keepForAbsentMs: 1e9, keepForAbsentBytes: 1e9 };
/** So little that a server that is new or was away for a minute needs a snapshot. */
const keepShort = { keepMs: 4_000, keepForAbsentMs: 60_000, keepForAbsentBytes: 1e9 };
const keepLittle = { keepMs: 2_000, keepForAbsentMs: 3_000, keepForAbsentBytes: 1e9 };

/** About so many messages come from all agents together, whatever their number. */
const messagesPerSecond = [1.6, 2.1] as const;
const plenty = 1e9;
const little = 24_000;

/** How often faults of one kind come. A storm of two thousand an hour costs three times an hour with fifty: mostly restarts. */
const storm = [5_000, 50_000] as const;
const rough = [15_000, 150_000] as const;
const unsettled = [60_000, 300_000] as const;
const calm = [120_000, 600_000] as const;
const paces = [storm, rough, rough, unsettled, unsettled, unsettled, calm, calm] as const;

/** Leases as a configuration may name them. Those that renew often cost most of the time of a pool that has little to do. */
function drawLease(random: SeededRandom): Timings {
  const roll = random.unit();
  if (roll < 0.05) return timingProfiles.fast;
  return roll < 0.3 ? timingProfiles.default : timingProfiles.patient;
}

export function drawShape(random: SeededRandom): WholeShape {
  const servers = random.fork('servers').pick([1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 4, 5]);
  const agents = random
    .fork('agents')
    .pick([5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 8, 8, 8, 10, 10, 15, 20, 40]);
  const burstMax = random.fork('burst').pick([1, 8, 8, 16, 16, 24, 24, 32, 32]);
  const perSecond = random.fork('rate').between(...messagesPerSecond);
  const buffers = random.fork('buffers');
  const losesTails = servers > 1 && random.fork('tails').chance(0.35);
  return {
    servers,
    agents,
    burstMax,
    hasAddress: random.fork('address').chance(0.25),
    sendEveryMs: (agents * 1_000 * ((1 + burstMax) / 2)) / perSecond,
    journal: random.fork('keep').pick([keepLong, keepLong, keepShort, keepShort, keepShort, keepLittle]),
    losesTails,
    lease: drawLease(random.fork('lease')),
    bufferBytesMax: Array.from({ length: agents }, () =>
      buffers.chance(0.3) && !losesTails ? little : plenty,
    ),
    faultsEveryMs: random.fork('pace').pick(paces),
  };
}
