import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { ProcessId } from '../../src/runtime/commands.ts';
import { nodeCommands } from '../../src/runtime/node/commands.ts';
import { until, type RealPool } from '../pool/real-pool.ts';

const processSchema = z.object({ pid: z.int(), startTicks: z.int(), bootId: z.string() });

/** The process of the etcd that a server or witness of a pool started last. */
export function etcdOf(pool: RealPool, name: string): ProcessId {
  return processSchema.parse(JSON.parse(readFileSync(file(pool, name), 'utf8')));
}

/** Ends an etcd that outlives its keeper on purpose, where one was ever started. */
export async function endEtcdOf(pool: RealPool, name: string): Promise<void> {
  if (!existsSync(file(pool, name))) return;
  const id = etcdOf(pool, name);
  const commands = nodeCommands();
  commands.end(id);
  await until('etcd has ended', () => !commands.isRunning(id), 5_000);
}

function file(pool: RealPool, name: string): string {
  return path.join(pool.folder, name, 'etcd', 'process.json');
}
