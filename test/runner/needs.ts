import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { runProgram } from './run-program.ts';

interface Need {
  readonly program: string;
  readonly debianPackage: string;
  readonly why: string;
}

/** What tests use beyond Node and this repository. A test that needs one skips itself, with the reason, without it. */
export const needs: readonly Need[] = [
  { program: 'strace', debianPackage: 'strace', why: 'makes fsync fail under a running server' },
  { program: 'etcd', debianPackage: 'etcd-server', why: 'is the coordinator of a pool of many machines' },
  { program: 'etcdctl', debianPackage: 'etcd-client', why: 'restores etcd from a backup' },
  { program: 'ip', debianPackage: 'iproute2', why: 'makes the networks that tests run on' },
  { program: 'nft', debianPackage: 'nftables', why: 'gates the addresses of virtual interfaces' },
  { program: 'arping', debianPackage: 'iputils-arping', why: 'announces addresses, and asks who has them' },
  { program: 'chromium', debianPackage: 'chromium', why: 'shows the console' },
  { program: 'debootstrap', debianPackage: 'debootstrap', why: 'makes machines of Debian' },
  { program: 'systemd-nspawn', debianPackage: 'systemd-container', why: 'boots them, systemd and all' },
  { program: 'keepalived', debianPackage: 'keepalived', why: 'is measured beside us' },
];

export function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      // Not there or not to be run: either way this folder does not have it.
      return false;
    }
  });
}

/** Installs with apt what is missing, where we are root; otherwise says what would have to be installed, and why. */
export async function installNeeds(say: (line: string) => void): Promise<void> {
  const missing = needs.filter((need) => !isInstalled(need.program));
  if (missing.length === 0) return;
  const packages = missing.map((need) => need.debianPackage);
  for (const need of missing) say(`missing: ${need.program}, which ${need.why}`);
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    say(`not root: tests that need it are skipped; apt-get install ${packages.join(' ')} adds it`);
    return;
  }
  say(`installing with apt-get: ${packages.join(' ')}`);
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  const tail: string[] = [];
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const exitCode = await runProgram({
      file: 'apt-get',
      args: ['-q', ...args],
      timeoutMs: 180_000,
      environment,
      onLine: (line) => tail.push(line),
    });
    if (exitCode !== 0) for (const line of tail.slice(-5)) say(line);
  }
}
