import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Lab, whyNoNamespaces } from '../network/lab.ts';
import { childrenOf, effectiveCapabilities } from '../pool/process-table.ts';
import { until } from '../pool/real-pool.ts';
import { runProgram } from '../runner/run-program.ts';
import { DebianMachine, makeBase, whyNoMachines } from './debian-machine.ts';
import { commandsUnder } from './guide.ts';

/**
 * The guide of three machines, command by command, on machines whose init is systemd; then what the units promise. The
 * tests go on from each other.
 */
const guide = 'three-machines.md';
const archive = `watchkeeper-0.1.0-linux-${process.arch}.tar.gz`;
const skip = whyNoMachines() ?? (await whyNoNamespaces()) ?? false;
/** Bits of capabilities(7): CAP_NET_ADMIN 12, CAP_NET_RAW 13. */
const granted = (1n << 12n) | (1n << 13n);
const role = 'virtual-interface/front';
const names = ['m1', 'm2', 'm3', 'web01'] as const;

let folder = '';
let lab: Lab | null = null;
const machines = new Map<string, DebianMachine>();

before(async () => {
  if (skip !== false) return;
  folder = mkdtempSync(path.join(tmpdir(), 'watchkeeper-systemd-'));
  const base = path.join(folder, 'base');
  await makeBase(base, ['etcd-server', 'nftables', 'iproute2', 'iputils-arping']);
  await run(process.execPath, ['deploy/pack.ts', '--out', folder]);
  copyFileSync(path.join(folder, archive), path.join(base, 'root', archive));
  // Before there is a network without one: the smallest Debian lacks a library, which install.sh fetches.
  await run('chroot', [base, 'sh', '-c', `cd /root && tar xzf ${archive} && ./${unpacked()}/install.sh`]);
  const places = await Lab.make(`wksd${process.pid}`, names);
  lab = places;
  for (const name of names) {
    const machine = new DebianMachine(name, { folder, base, namespace: places.host(name).namespace });
    machines.set(name, machine);
  }
  await Promise.all([...machines.values()].map((machine) => machine.boot()));
});

after(async () => {
  await Promise.all([...machines.values()].map((machine) => machine[Symbol.asyncDispose]()));
  await lab?.[Symbol.asyncDispose]();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

test('the guide, word for word: three machines become a pool with an address', { skip }, async () => {
  await Promise.all(names.map(install));
  for (const command of part('On the first').filter((line) => !line.includes(' status')))
    if (!command.includes(' token ')) await on('m1', command);
  await until('m1 answers', () => on('m1', 'watchkeeper pool status').then(() => true), 20_000);
  for (const name of ['m2', 'm3']) {
    const token = await on('m1', lineWith(part('On the first'), `--name ${name}`));
    for (const command of part('On the second and the third'))
      await on(name, asServer(name, command).replace('TOKEN', token.trim()));
  }
  await until(
    'three voters, and all healthy',
    async () => (await voters()) === 3 && (await healthy()) === 3,
    60_000,
  );
  for (const command of part('The address')) await on('m1', command);
  const [tokenCommand = '', ...agentCommands] = part('A managed node');
  const token = await on('m1', tokenCommand);
  for (const command of agentCommands) await on('web01', command.replace('TOKEN', token.trim()));
});

test('the message is there, and the role moves', { skip }, async () => {
  const [list = '', move = '', history = ''] = part('See that it holds');
  await until(
    'the message is stored',
    async () => (await on('m1', list)).includes('checkout is slow'),
    10_000,
  );
  await on('m1', move);
  assert.match(await on('m1', history), /m2/);
  assert.equal(await holder(), 'm2');
});

test('only the keeper has capabilities', { skip }, async () => {
  const { keeper, server } = serviceOf('m1');
  assert.equal(effectiveCapabilities(keeper), granted);
  assert.equal(effectiveCapabilities(server), 0n);
});

test(
  "the authority's key is encrypted on every server's disk, and opened for the server and for root",
  { skip },
  async () => {
    for (const name of ['m1', 'm2', 'm3']) {
      const file = '/var/lib/watchkeeper/server/authority.pem';
      assert.match(
        await on(name, `stat -c '%a %U' ${file}; head -1 ${file}`),
        /^600 watchkeeper\n-----BEGIN WATCHKEEPER SEALED KEY/,
      );
      assert.equal(await on(name, `grep -rl 'PRIVATE KEY' ${file} /etc/credstore.encrypted || true`), '');
    }
    // Root on m3 signs for somebody, which needs the key. Whoever has a certificate would have to use the newer one from then on.
    await on('m1', 'watchkeeper user add ann');
    const issue = 'cert issue ann --config /etc/watchkeeper/server.yaml --identity ann.pem --json';
    assert.match(await on('m3', `watchkeeper ${issue}`), /"identity": ?"[^"]*ann\.pem"/);
    assert.match(await on('m3', 'head -1 ann.pem'), /-----BEGIN/);
  },
);

test('a keeper that is killed is started again', { skip }, async () => {
  await on('m3', 'systemctl kill --kill-whom=main --signal=KILL watchkeeper-server');
  await until('systemd has started it again', async () => (await restarts('m3')) === 1, 10_000);
  await until('all are healthy again', async () => (await healthy()) === 3, 30_000);
});

test('a keeper that hangs is ended by the watchdog', { skip }, async () => {
  const drop = '/run/systemd/system/watchkeeper-server.service.d';
  await on('m3', `mkdir -p ${drop} && printf '[Service]\\nWatchdogSec=3\\n' > ${drop}/watchdog.conf`);
  await on('m3', 'systemctl daemon-reload && systemctl restart watchkeeper-server');
  await on('m3', 'systemctl kill --kill-whom=main --signal=STOP watchkeeper-server');
  await until('systemd has started it again', async () => (await restarts('m3')) >= 1, 30_000);
  assert.match(await on('m3', 'journalctl -u watchkeeper-server --no-pager'), /[Ww]atchdog timeout/);
  await until('all are healthy again', async () => (await healthy()) === 3, 30_000);
});

test('a server and an agent on one machine leave each other their files', { skip }, async () => {
  const [tokenCommand = '', join = '', enable = ''] = part('A managed node').map((line) =>
    line.replaceAll('web01', 'node-m1'),
  );
  const token = await on('m1', tokenCommand);
  await on('m1', join.replace('TOKEN', token.trim()));
  await on('m1', enable);
  await on('m1', 'systemctl restart watchkeeper-server watchkeeper-agent');
  assert.deepEqual(await ownersIn('/var/lib/watchkeeper'), ['watchkeeper']);
  assert.deepEqual(await ownersIn('/var/lib/watchkeeper-agent'), ['root']);
  await until('all are healthy again', async () => (await healthy()) === 3, 30_000);
});

test('a machine that is rebooted comes back by itself', { skip }, async () => {
  await machine('m3').reboot();
  await until('all are healthy again', async () => (await healthy()) === 3, 60_000);
});

test(
  'the holder loses its power: another one has the address, and the message is there',
  { skip },
  async () => {
    assert.equal(await holder(), 'm2');
    await machine('m2').cutPower();
    const startedMs = performance.now();
    await until('another one holds the address', async () => !['m2', null].includes(await holder()), 10_000);
    const held = await holder();
    assert(performance.now() - startedMs < 8_000, `after ${performance.now() - startedMs} ms`);
    assert.match(await on(held ?? '', 'ip address show dev eth0'), /10\.77\.0\.50/);
    assert.match(await on('m1', 'watchkeeper message list'), /checkout is slow/);
  },
);

function machine(name: string): DebianMachine {
  const found = machines.get(name);
  if (found === undefined) throw new Error(`there is no machine ${name}`);
  return found;
}

function on(name: string, command: string): Promise<string> {
  return machine(name).run(`cd /root && ${command}`);
}

/** The commands of one part, with the addresses of this network. */
function part(heading: string): string[] {
  return commandsUnder(guide, heading).map((line) =>
    line.replaceAll('10.0.0.', '10.77.0.').replaceAll('watchkeeper-0.1.0-linux-x64', unpacked()),
  );
}

function unpacked(): string {
  return archive.replace('.tar.gz', '');
}

function lineWith(lines: readonly string[], text: string): string {
  const found = lines.find((line) => line.includes(text));
  if (found === undefined) throw new Error(`docs/${guide} has no command with ${text} any more`);
  return found;
}

/** The guide shows the commands of the second. */
function asServer(name: string, command: string): string {
  return name === 'm3' ? command.replaceAll('m2', 'm3').replaceAll('10.77.0.12', '10.77.0.13') : command;
}

/** A node needs the archive and nothing else. */
async function install(name: string): Promise<void> {
  for (const command of part('On each of the three'))
    if (!command.startsWith('apt-get') && !(name === 'web01' && command.includes('etcd')))
      await on(name, command);
}

interface Status {
  readonly coordinator: { readonly etcd: readonly { readonly state: string | null }[] };
  readonly members: readonly { readonly healthy: boolean; readonly state: string }[];
  readonly roles: readonly { readonly role: string; readonly holderName: string | null }[];
}

/** As the pool's administrator sees it, who is root on the first. */
async function status(): Promise<Status> {
  return JSON.parse(await on('m1', 'watchkeeper pool status --json'));
}

async function voters(): Promise<number> {
  return (await status()).coordinator.etcd.filter(({ state }) => state === 'voter').length;
}

async function healthy(): Promise<number> {
  return (await status()).members.filter((one) => one.healthy && one.state !== 'offline').length;
}

async function holder(): Promise<string | null> {
  return (await status()).roles.find((one) => one.role === role)?.holderName ?? null;
}

/** How often systemd started the server again. */
async function restarts(name: string): Promise<number> {
  return Number(await on(name, 'systemctl show --property NRestarts --value watchkeeper-server'));
}

/** Process IDs of this machine. */
function serviceOf(name: string): { keeper: number; server: number } {
  const keeper = childrenOf(machine(name).init).find((pid) => commandOf(pid).includes('server run '));
  const server = childrenOf(keeper ?? 0).find((pid) => commandOf(pid).includes('run-process'));
  if (keeper === undefined || server === undefined) throw new Error(`${name} runs no server`);
  return { keeper, server };
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
}

async function ownersIn(place: string): Promise<string[]> {
  const owners = await on('m1', `find ${place} -printf '%u\\n' | sort -u`);
  return owners.split('\n').filter((line) => line !== '');
}

async function run(file: string, args: readonly string[]): Promise<void> {
  const lines: string[] = [];
  const exitCode = await runProgram({
    file,
    args,
    timeoutMs: 120_000,
    onLine: (line) => void lines.push(line),
  });
  assert.equal(exitCode, 0, `${file} ${args.join(' ')}\n${lines.join('\n')}`);
}
