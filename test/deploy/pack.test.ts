import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { freePorts } from '../pool/free-ports.ts';
import { childrenOf, effectiveCapabilities } from '../pool/process-table.ts';
import { until } from '../pool/real-pool.ts';
import { isInstalled } from '../runner/needs.ts';
import { root, runProgram } from '../runner/run-program.ts';

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
/** Bits of capabilities(7): CAP_NET_ADMIN 12, CAP_NET_RAW 13. */
const granted = (1n << 12n) | (1n << 13n);
let folder = '';
/** Where the archive was installed: stands for `/` of a bare machine. */
let machine = '';

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'watchkeeper-deploy-'));
  chmodSync(folder, 0o755);
  machine = path.join(folder, 'machine');
  await done(process.execPath, ['deploy/pack.ts', '--out', folder]);
  const unpacked = path.join(folder, 'unpacked');
  mkdirSync(unpacked);
  const archive = path.join(folder, `watchkeeper-0.1.0-linux-${process.arch}.tar.gz`);
  await done('tar', ['-xzf', archive, '-C', unpacked, '--strip-components=1']);
  await done(path.join(unpacked, 'install.sh'), ['--root', machine]);
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('what was installed needs nothing of this repository', async () => {
  const printed = await done(installed(), ['version', '--json'], { PATH: '/usr/bin:/bin' });
  const { node, version } = JSON.parse(printed);
  assert.equal(version, '0.1.0');
  assert.equal(node, process.versions.node);
});

test('installed again over itself, it is the new one', async () => {
  const marker = path.join(machine, 'opt/watchkeeper/left-over');
  writeFileSync(marker, '');
  await done(path.join(folder, 'unpacked/install.sh'), ['--root', machine]);
  assert.throws(() => readFileSync(marker), { code: 'ENOENT' });
});

test('systemd finds nothing wrong with the units', async (t) => {
  if (!isInstalled('systemd-analyze')) return t.skip('systemd-analyze is not installed');
  const names = ['server', 'agent', 'etcd', 'witness', 'witness-etcd'].map((one) => `watchkeeper-${one}`);
  for (const name of names) {
    // The programs it names are not on this machine, which is all that it may complain of.
    const { lines } = await run('systemd-analyze', [
      'verify',
      '--man=no',
      path.join(root, `deploy/units/${name}.service`),
    ]);
    const complaints = lines.filter(
      (line) => line.includes(`${name}.service:`) && !line.includes('is not executable'),
    );
    assert.deepEqual(complaints, []);
  }
  // Of 100, where 100 is wholly exposed; 26 when it was measured.
  const exposureMax = '30';
  const call = ['security', '--offline=true', `--root=${machine}`, `--threshold=${exposureMax}`];
  await done('systemd-analyze', [...call, 'watchkeeper-server.service']);
});

test('as a service: systemd hears of it, and only the keeper has capabilities', async (t) => {
  if (!isRoot || !isInstalled('setpriv')) return t.skip('needs root and setpriv, to give capabilities');
  const home = path.join(folder, 'service');
  const notes = path.join(home, 'notes');
  mkdirSync(home);
  const bin = path.join(home, 'systemd-notify');
  writeFileSync(bin, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${notes}\n`, { mode: 0o755 });
  const [port] = await freePorts(1);
  const files = ['--config', path.join(home, 'server.yaml')];
  const create = ['pool', 'create', '--name', 'p', '--server', 'm1', '--listen', `127.0.0.1:${port}`];
  await done(installed(), [...create, ...files, '--data', path.join(home, 'data')], { HOME: home });
  await done('chown', ['-R', `${nobody}:${nobody}`, home]);
  chownSync(home, nobody, nobody);
  const caps = ['--inh-caps', '+net_admin,+net_raw', '--ambient-caps', '+net_admin,+net_raw'];
  const user = ['--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups'];
  const keeper = spawn('setpriv', [...user, ...caps, installed(), 'server', 'run', ...files], {
    env: { PATH: `${home}:/usr/bin:/bin`, HOME: home, NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '600000' },
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolve) => keeper.on('exit', resolve));
  try {
    const said = (): string[] => readLines(notes);
    await until(
      'systemd is told that it is up and goes on',
      () =>
        Promise.resolve(said().includes('/run/notify READY=1') && said().includes('/run/notify WATCHDOG=1')),
      20_000,
    );
    const keeperPid = keeper.pid ?? 0;
    await until('the server process runs', () => Promise.resolve(serverOf(keeperPid) !== null), 20_000);
    assert.equal(effectiveCapabilities(keeperPid), granted);
    assert.equal(effectiveCapabilities(serverOf(keeperPid) ?? 0), 0n);
  } finally {
    keeper.kill('SIGTERM');
  }
  assert.equal(await ended, 0);
  assert.ok(readLines(notes).includes('/run/notify STOPPING=1'));
});

function installed(): string {
  return path.join(machine, 'opt/watchkeeper/bin/watchkeeper');
}

async function run(file: string, args: readonly string[], environment = {}) {
  const lines: string[] = [];
  const onLine = (line: string): void => void lines.push(line);
  const exitCode = await runProgram({ file, args, timeoutMs: 120_000, environment, onLine });
  return { exitCode, lines };
}

/** Runs a program to its end and gives what it printed; an assertion where it fails. */
async function done(file: string, args: readonly string[], environment = {}): Promise<string> {
  const { exitCode, lines } = await run(file, args, environment);
  assert.equal(exitCode, 0, `${file} ${args.join(' ')}\n${lines.join('\n')}`);
  return lines.join('\n');
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function serverOf(keeper: number): number | null {
  const isServer = (pid: number): boolean =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('run-process');
  return childrenOf(keeper).find(isServer) ?? null;
}
