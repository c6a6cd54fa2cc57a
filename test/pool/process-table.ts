import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** What /proc says about a process. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  /** R running, S sleeping, T stopped, Z dead and not collected … */
  readonly state: string;
  readonly startTicks: number;
}

/** Null when there is no such process (any more). */
export function processFacts(pid: number): ProcessFacts | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The name in brackets may hold anything, brackets and spaces too, so what follows the last bracket counts.
  const [state = '?', parent = '0', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid, parent: Number(parent), state, startTicks: Number(rest[17]) };
}

/** Living children of a process. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processFacts(Number(name)))
    .filter((facts) => facts !== null && facts.parent === pid && facts.state !== 'Z')
    .map((facts) => facts?.pid ?? 0);
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(readOrNull(`/proc/${pid}/status`) ?? '')?.[1];
  return Number(kibibytes ?? 0) * 1_024;
}

/** CPU time used so far, user and system, in milliseconds. */
export function cpuMs(pid: number): number {
  const stat = readOrNull(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
}

/** Bits of capabilities(7) that a process has now. */
export function effectiveCapabilities(pid: number): bigint {
  const found = /^CapEff:\s*([0-9a-f]+)$/m.exec(readOrNull(`/proc/${pid}/status`) ?? '')?.[1];
  return BigInt(`0x${found ?? 'none'}`);
}

/** The processes, of those given, that listen on a TCP port: which one owns a virtual address can be seen from outside. */
export function listenersOn(port: number, pids: readonly number[]): number[] {
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => listeningInodes(readOrNull(file) ?? '', port)),
  );
  return inodes.size === 0 ? [] : pids.filter((pid) => socketsOf(pid).some((inode) => inodes.has(inode)));
}

function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${wanted}`) === true && fields[3] === '0A')
    .map((fields) => fields[9] ?? '');
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`)
      .map((fd) => linkOrEmpty(`/proc/${pid}/fd/${fd}`))
      .map((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '');
  } catch {
    // It ended while we looked: then it listens nowhere.
    return [];
  }
}

function linkOrEmpty(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed between the listing and this look.
    return '';
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process is gone, and with it its folder.
    return null;
  }
}
