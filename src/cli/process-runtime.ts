import { nodeClock, nodeTimers } from '../runtime/node/clock.ts';
import { nodeCommands } from '../runtime/node/commands.ts';
import { nodeDatabases } from '../runtime/node/database.ts';
import { nodeFiles } from '../runtime/node/files.ts';
import { nodeLog, silentLog } from '../runtime/node/log.ts';
import { nodeRandom } from '../runtime/node/random.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { lazyNetwork } from './lazy-network.ts';

/**
 * The server process takes in large batches that live for a moment. A young space of 4 MB instead of 16, and a heap
 * that is collected before it has grown by half, cost no throughput that could be measured and save 150 MB of 330 after a
 * million messages.
 */
const serverNodeArgs = ['--max-semi-space-size=4', '--heap-growing-percent=40'];

/** The real world, for the process that `entry` was started as. */
export function processRuntime(
  entry: string,
  level: 'silent' | 'debug' | 'info' | 'warn' | 'error',
): Runtime {
  const log = level === 'silent' ? silentLog : nodeLog(level);
  return {
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    files: nodeFiles,
    databases: nodeDatabases,
    network: lazyNetwork(log),
    commands: nodeCommands({ entry, nodeArgs: serverNodeArgs }),
    log,
  };
}
