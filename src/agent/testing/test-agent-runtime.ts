import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeClock, nodeTimers } from '../../runtime/node/clock.ts';
import { nodeDatabases } from '../../runtime/node/database.ts';
import { nodeFiles } from '../../runtime/node/files.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import type { Runtime } from '../../runtime/runtime.ts';

/** The real ports that need neither network nor other processes, for tests. */
export const testAgentRuntime: Omit<Runtime, 'network' | 'commands'> = {
  clock: nodeClock,
  timers: nodeTimers,
  random: nodeRandom,
  files: nodeFiles,
  databases: nodeDatabases,
  log: silentLog,
};

/** A folder on the disk that is removed when it goes out of scope. */
export function temporaryFolder(): { readonly path: string } & AsyncDisposable {
  const path = mkdtempSync(join(tmpdir(), 'wk-agent-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
