import { resolve } from 'node:path';
import type { Cli } from './cli.ts';

/** A path from the command line or a settings file as an absolute one. */
export function resolvePath(cli: Pick<Cli, 'workingDirectory'>, path: string): string {
  return resolve(cli.workingDirectory, path);
}
