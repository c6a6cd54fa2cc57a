import type { Clock, Timers } from './clock.ts';
import type { Commands } from './commands.ts';
import type { Databases } from './database.ts';
import type { Files } from './files.ts';
import type { Log } from './log.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';

/**
 * The one door to the outside world. Everything that is not a pure function takes a Runtime (or the one port it
 * needs) as an argument; `runtime/node/` has the real one, the simulator another. Nothing else touches the clock,
 * timers, randomness, disk, network, processes or environment.
 */
export interface Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly files: Files;
  readonly databases: Databases;
  readonly network: Network;
  readonly commands: Commands;
  readonly log: Log;
}
