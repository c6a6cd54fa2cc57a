import { z } from 'zod';
import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import type { Timer } from '../../runtime/clock.ts';
import type { ProcessId } from '../../runtime/commands.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { every } from '../../runtime/timing.ts';
import { environmentText, etcdEnvironment, type EtcdMember } from './etcd-environment.ts';

type Ports = Pick<Runtime, 'commands' | 'files' | 'timers' | 'log'>;

const lookEveryMs = 2_000;
const systemctlMs = 30_000;
const processSchema = z.object({ pid: z.int(), startTicks: z.int(), bootId: z.string() });

/**
 * Sees to it that this server's member of etcd runs, in a process of its own that outlives us: an etcd that is already
 * there is left alone. With `unit` systemd runs it, and is only asked to. Errors: WK_NOT_FOUND where etcd is not
 * installed, WK_UNAVAILABLE when systemd cannot start the unit.
 */
export async function ensureEtcd(
  { commands, files, log }: Omit<Ports, 'timers'>,
  member: EtcdMember,
  unit: string | null,
): Promise<void> {
  const { folder, environment: path, log: outputPath, process } = member.files;
  const environment = etcdEnvironment(member);
  await files.makeDirectory(folder, 0o700);
  const text = environmentText(environment);
  if ((await files.status(path)) === null || (await files.readText(path)) !== text)
    await files.writeAtomic(path, text, 0o600);
  if (unit !== null) return await startUnit(commands, unit);
  const last = await lastProcess(files, process);
  if (last !== null && commands.isRunning(last)) return;
  const started = start(commands, environment, outputPath);
  await files.writeAtomic(process, JSON.stringify(started), 0o600);
  log.info('etcd was started', { pid: started.pid, log: outputPath });
}

/** Looks again and again, until cancelled; cancelling does not end etcd. */
export function keepEtcd(ports: Ports, member: EtcdMember, unit: string | null): Timer {
  return every(ports.timers, lookEveryMs, () =>
    ensureEtcd(ports, member, unit).catch((error: unknown) =>
      ports.log.error('etcd cannot be started', { because: textOf(error), log: member.files.log }),
    ),
  );
}

function start(
  commands: Ports['commands'],
  environment: Readonly<Record<string, string>>,
  outputPath: string,
): ProcessId {
  try {
    return commands.startDetached({ file: 'etcd', args: [], environment, outputPath });
  } catch (error) {
    if (codeOf(error) !== 'WK_NOT_FOUND') throw error;
    throw new WatchError(
      'WK_NOT_FOUND',
      'etcd is not installed on this machine, and `coordination: managed` runs it: apt install etcd-server (and stop the one that Debian starts: systemctl disable --now etcd)',
      { cause: error },
    );
  }
}

async function startUnit(commands: Ports['commands'], unit: string): Promise<void> {
  const { exitCode, stderr } = await commands.run({
    file: 'systemctl',
    args: ['start', unit],
    timeoutMs: systemctlMs,
    outputBytesMax: 10_000,
  });
  if (exitCode !== 0)
    throw new WatchError('WK_UNAVAILABLE', `systemd does not start ${unit}: ${stderr.trim()}`);
}

async function lastProcess(files: Ports['files'], path: string): Promise<ProcessId | null> {
  if ((await files.status(path)) === null) return null;
  try {
    return processSchema.parse(JSON.parse(await files.readText(path, 10_000)));
  } catch {
    // Torn or of another version: etcd itself locks its data, so that starting it twice does no harm.
    return null;
  }
}
