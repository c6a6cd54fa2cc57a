import type { AgentConfig } from '../../src/agent/config.ts';
import type { Coordination } from '../../src/coordination/coordination.ts';
import type { Applier } from '../../src/journal/applier.ts';
import type { Positions } from '../../src/model/origin.ts';
import type { Database } from '../../src/runtime/database.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { SimProcess } from '../world/process.ts';

/**
 * A bug put in on purpose, around the code under test, to see that the checkers see it. Each twists one thing and
 * leaves the others as they are.
 */
export interface Mutant {
  readonly name: string;
  /** The scenario that must find it. */
  readonly scenario: 'journal' | 'pool' | 'whole';
  readonly acknowledges: 'in time' | 'before the commit' | 'before the second copy';
  /** Which members the trimming of a journal waits for. */
  readonly trimsFor: 'every member' | 'nobody';
  /** Where a connection begins to send, given what the other server has; `connections` were before it. */
  twistStart(positions: Positions, connections: number): Positions;
  twistApplier(applier: Applier, database: Database): Applier;
  twistKeeper(runtime: Runtime, coordination: Coordination): [Runtime, Coordination];
  twistServer(process: SimProcess): Runtime;
  twistAgent(runtime: Runtime): Runtime;
  twistAgentConfig(config: AgentConfig): AgentConfig;
}

export const noMutant: Mutant = {
  name: 'none',
  scenario: 'journal',
  acknowledges: 'in time',
  trimsFor: 'every member',
  twistStart: (positions) => positions,
  twistApplier: (applier) => applier,
  twistKeeper: (runtime, coordination) => [runtime, coordination],
  twistServer: ({ runtime }) => runtime,
  twistAgent: (runtime) => runtime,
  twistAgentConfig: (config) => config,
};
