import { withoutBufferCap, withoutJitter } from './agent-mutants.ts';
import { byArrival, withoutDedupe, withoutVoiding, withSummedCounts } from './applier-mutants.ts';
import { withLastingGates, withoutTickets } from './gate-mutants.ts';
import {
  withForgottenPromises,
  withLateDeadlines,
  withMajority,
  withOldDefinitions,
  withoutConditions,
  withWallClock,
} from './keeper-mutants.ts';
import { withTornSnapshots } from './snapshot-mutant.ts';
import { noMutant, type Mutant } from './mutant.ts';

const inPool: Mutant = { ...noMutant, scenario: 'pool' };
const inWhole: Mutant = { ...noMutant, scenario: 'whole' };

/** Every planted bug. */
export const mutants: readonly Mutant[] = [
  { ...noMutant, name: 'acknowledge before the commit', acknowledges: 'before the commit' },
  { ...noMutant, name: 'acknowledge before the second copy', acknowledges: 'before the second copy' },
  {
    ...noMutant,
    name: 'skip one entry on reconnecting',
    twistStart: (positions, connections) =>
      connections === 0
        ? positions
        : Object.fromEntries(Object.entries(positions).map(([origin, seq]) => [origin, seq + 1])),
  },
  { ...noMutant, name: 'store doubles', twistApplier: withoutDedupe },
  { ...noMutant, name: 'no epoch check at the sink', twistApplier: withoutVoiding },
  { ...noMutant, name: 'the last to arrive wins', twistApplier: byArrival },
  { ...noMutant, name: 'counters added up twice', twistApplier: withSummedCounts },
  { ...noMutant, name: 'trim before every member has it', trimsFor: 'nobody' },
  { ...inPool, name: 'wall clock in the lease', twistKeeper: withWallClock },
  { ...inPool, name: 'no conditions on what is written', twistKeeper: withoutConditions },
  { ...inPool, name: 'the promise of a majority', twistKeeper: withMajority },
  { ...inPool, name: 'definitions that are read once', twistKeeper: withOldDefinitions },
  { ...inPool, name: 'promises that are forgotten', twistKeeper: withForgottenPromises },
  { ...inPool, name: 'deadlines that count from the answer', twistKeeper: withLateDeadlines },
  { ...inPool, name: 'a gate that does not time out', twistKeeper: withLastingGates },
  { ...inPool, name: 'a gate that opens without a ticket', twistKeeper: withoutTickets },
  { ...inWhole, name: 'snapshot without its position', twistServer: withTornSnapshots },
  { ...inWhole, name: 'retry without jitter', twistAgent: withoutJitter },
  { ...inWhole, name: 'a queue without a cap', twistAgentConfig: withoutBufferCap },
];

export function mutantNamed(name: string | null): Mutant {
  if (name === null) return noMutant;
  const found = mutants.find((mutant) => mutant.name === name);
  if (!found) throw new RangeError(`there is no mutant ${name}`);
  return found;
}
