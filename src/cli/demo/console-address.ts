import type { Cli } from '../cli.ts';
import type { DemoPool } from './demo-pool.ts';
import { runInProcess } from './run-in-process.ts';

/**
 * Where a browser goes to be in front of the demo's pool, signed in: the virtual interface, with a token behind `#`, which
 * no server sees and which ends with the day.
 */
export async function consoleAddress(cli: Cli, pool: DemoPool): Promise<string> {
  const config = pool.servers[0]?.configPath ?? '';
  const options = ['--name', 'console', '--role', 'administrator', '--valid', '24h', '--config', config];
  const token = await runInProcess(cli, pool.folder, ['token', 'create', ...options]);
  return `${pool.virtualUrl}/#token=${token}`;
}
