import { z } from 'zod';
import { codeOf, WatchError } from '../../model/errors.ts';
import type { ProcessId } from '../../runtime/commands.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';
import { environmentText, etcdEnvironment, type EtcdMember } from './etcd-environment.ts';
import type { EtcdFilePaths } from './etcd-files.ts';
import { writeTerms, type EtcdTerms } from './etcd-terms.ts';

type Ports = Pick<Runtime, 'commands' | 'files' | 'timers' | 'log'>;

const lookEveryMs = 20;
const endsWithinMs = 5_000;
const versionMs = 5_000;
const processSchema = z.object({ pid: z.int(), startTicks: z.int(), bootId: z.string() });

/**
 * Sees to it that this machine's member of etcd runs, in a process of its own that outlives us: one that is already
 * there is left alone. `terms` are those that the files of the member say. With `unit` systemd runs it, as soon as its configuration is there (`watchkeeper-etcd.path`).
 * Errors: WK_NOT_FOUND where etcd is not installed.
 */
export async function ensureEtcd(
  { commands, files, log }: Omit<Ports, 'timers'>,
  member: EtcdMember,
  { unit, terms }: { readonly unit: string | null; readonly terms: EtcdTerms },
): Promise<void> {
  const { folder, environment: path, log: outputPath, process } = member.files;
  const environment = etcdEnvironment(member);
  await files.makeDirectory(folder, 0o700);
  const text = environmentText(environment);
  const isNew = (await files.status(path)) === null;
  // systemd starts it as soon as that is there.
  if (isNew && unit !== null) await writeTerms(files, member.files, terms);
  if (isNew || (await files.readText(path)) !== text) await files.writeAtomic(path, text, 0o600);
  if (unit !== null) return;
  const last = await lastProcess(files, process);
  if (last !== null && commands.isRunning(last)) return;
  await writeTerms(files, member.files, terms);
  const started = start(commands, environment, outputPath);
  await files.writeAtomic(process, JSON.stringify(started), 0o600);
  log.info('etcd was started', { pid: started.pid, log: outputPath });
}

/**
 * Ends it, and takes away what systemd would start it with again. Its data stays. Errors: WK_UNAVAILABLE when it does not
 * end.
 */
export async function endEtcd(
  { commands, files, timers }: Omit<Ports, 'log'>,
  { environment, process }: EtcdFilePaths,
): Promise<void> {
  await files.remove(environment);
  await endProcess({ commands, files, timers }, process);
}

/** Ends it, and starts it again on these terms; a unit of systemd is started again by systemd. Errors: as `endEtcd`. */
export async function restartEtcd(
  ports: Ports,
  member: EtcdMember,
  how: { readonly unit: string | null; readonly terms: EtcdTerms },
): Promise<void> {
  await endProcess(ports, member.files.process);
  // Whatever starts from now on reads what the terms say; written before, they could be said of one that was never ended.
  await writeTerms(ports.files, member.files, how.terms);
  await ensureEtcd(ports, member, how);
}

async function endProcess({ commands, files, timers }: Omit<Ports, 'log'>, process: string): Promise<void> {
  const last = await lastProcess(files, process);
  if (last === null) return;
  commands.end(last);
  for (let waitedMs = 0; commands.isRunning(last); waitedMs += lookEveryMs) {
    if (waitedMs > endsWithinMs)
      throw new WatchError('WK_UNAVAILABLE', `etcd (process ${last.pid}) does not end; end it by hand`);
    await sleep(timers, lookEveryMs);
  }
}

/** Why no etcd can run on this machine; null when one can. */
export async function whyNoEtcd(commands: Ports['commands']): Promise<string | null> {
  try {
    const call = { file: 'etcd', args: ['--version'], timeoutMs: versionMs, outputBytesMax: 4_096 };
    const { exitCode } = await commands.run(call);
    return exitCode === 0 ? null : 'etcd does not start on this machine';
  } catch (error) {
    if (codeOf(error) !== 'WK_NOT_FOUND') throw error;
    return 'etcd is not installed on this machine';
  }
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

async function lastProcess(files: Ports['files'], path: string): Promise<ProcessId | null> {
  if ((await files.status(path)) === null) return null;
  try {
    return processSchema.parse(JSON.parse(await files.readText(path, 10_000)));
  } catch {
    // Torn or of another version: etcd itself locks its data, so that starting it twice does no harm.
    return null;
  }
}
