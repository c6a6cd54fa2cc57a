import { readFileSync } from 'node:fs';
import { invariant } from '../../model/invariant.ts';
import type { ProcessId } from '../commands.ts';

let bootId: string | undefined;

function thisBoot(): string {
  return (bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
}

/** Null when there is no such process, or only what is left of it until its parent looks. */
export function processIdOf(pid: number): ProcessId | null {
  const stat = readStat(pid);
  if (stat === null || stat.state === 'Z' || stat.state === 'X') return null;
  return { pid, startTicks: stat.startTicks, bootId: thisBoot() };
}

export function selfId(): ProcessId {
  const id = processIdOf(process.pid);
  invariant(id !== null, 'a process finds itself in /proc');
  return id;
}

export function isRunning(id: ProcessId): boolean {
  const found = processIdOf(id.pid);
  return found !== null && found.startTicks === id.startTicks && found.bootId === id.bootId;
}

/**
 * Looks and kills in one turn. Between the two the number could in theory be given to a new process; Linux hands out
 * numbers in rising order, so that takes tens of thousands of new processes within microseconds.
 */
export function endProcess(id: ProcessId): boolean {
  if (!isRunning(id)) return false;
  try {
    return process.kill(id.pid, 'SIGKILL');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))
      return false;
    throw error;
  }
}

/** The program's name, in brackets, may hold anything, so fields count from the last bracket. */
function readStat(pid: number): { state: string; startTicks: number } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return null;
    throw error;
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTicks: Number(fields[19]) };
}
