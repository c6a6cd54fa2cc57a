import { closeSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { poolDoubts } from '../pool/answers.ts';
import { signal } from '../pool/managed-process.ts';
import { until } from '../pool/real-pool.ts';
import { cases, etcdLeader, lastsMs, move, peersOf, serverOf, type Case, type Scene } from './cases.ts';
import type { Variant } from './network-pool.ts';

const pageBytes = 4_096;
const nobody = 65_534;

function holderFolder({ pool, holder }: Scene): string {
  return path.join(pool.folder, holder);
}

/** Random bytes over everything but the first page of the server's database, while it is in use. */
function damage(folder: string): void {
  const name = path.join(folder, 'watchkeeper.db');
  // What is still in the log beside it would be read from there, and written over the damage.
  const database = new DatabaseSync(name, { timeout: 2_000 });
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  const file = openSync(name, 'r+');
  const sizeBytes = fstatSync(file).size;
  for (let at = pageBytes; at < sizeBytes; at += pageBytes)
    writeSync(file, randomBytes(pageBytes), 0, pageBytes, at);
  closeSync(file);
}

/** How often a server said that it had to put its database aside. */
function damagesIn(log: string): number {
  return readFileSync(log, 'utf8').split('the database is damaged').length - 1;
}

async function restoredFromBackup(scene: Scene): Promise<string | void> {
  const { pool, role, holder } = scene;
  const snapshot = path.join(pool.folder, `backup-${Date.now()}`);
  await pool.saveEtcd(snapshot);
  // What happened since is what a restored coordinator does not know.
  const [other = ''] = peersOf(scene);
  for (const to of [other, holder]) {
    await move(scene, to);
    await pool.settled();
    // One that comes back within a second looks like one that never went.
    await sleep(2_000);
  }
  const before = await pool.holderOf(role);
  await pool.restoreEtcd(snapshot);
  const apis = pool.servers.map(({ api }) => api);
  await until(
    'every server doubts its coordinator',
    async () => (await Promise.all(apis.map(poolDoubts))).every((doubt) => doubt !== null),
    20_000,
    200,
  );
  await sleep(2 * pool.variant.ttlMs);
  const after = await pool.holderOf(role);
  const doubts = await Promise.all(apis.map(poolDoubts));
  if (doubts.includes(null)) return 'a server went on without being told to';
  if (after !== null && (after.name !== before?.name || after.epoch !== before.epoch))
    return `${after.name} took ${role} under epoch ${after.epoch} before anybody had confirmed`;
}

async function confirm({ pool, holder }: Scene): Promise<void> {
  await pool.cli(holder, 'pool', 'confirm', '--config', pool.server(holder).config, '--force');
}

/** Faults that are about the coordinator's memory, or about one server's disk. */
export const specialCases: readonly Case[] = [
  {
    name: 'etcd leader stopped 5 s',
    moves: false,
    silenceMsMax: 100,
    essential: false,
    inject: async (scene) => {
      const pid = scene.pool.etcds.get(await etcdLeader(scene))?.pid ?? 0;
      await stoppedFor(pid, 5_000);
      await sleep(scene.pool.variant.ttlMs);
    },
  },
  {
    name: 'etcd restored from an older backup',
    moves: null,
    silenceMsMax: null,
    essential: false,
    inject: restoredFromBackup,
    mend: confirm,
  },
  {
    name: 'disk hung',
    moves: true,
    silenceMsMax: 3_500,
    essential: false,
    needsDisks: true,
    inject: async (scene) => {
      const disk = scene.pool.disks.get(scene.holder);
      await disk?.hang();
      try {
        await sleep(lastsMs(scene));
      } finally {
        await disk?.goOn();
      }
    },
  },
  {
    // What is read from memory shows no damage; the next start of the server process reads the file.
    name: 'database damaged, server process SIGKILL',
    moves: true,
    silenceMsMax: 500,
    essential: false,
    needsDisks: true,
    inject: async (scene) => {
      damage(holderFolder(scene));
      signal(serverOf(scene), 'SIGKILL');
      const log = scene.pool.server(scene.holder).process.logPath;
      const before = damagesIn(log);
      await until('the damage is found', async () => damagesIn(log) > before, 20_000, 200);
    },
  },
];

async function stoppedFor(pid: number, forMs: number): Promise<void> {
  signal(pid, 'SIGSTOP');
  await sleep(forMs);
  signal(pid, 'SIGCONT');
}

export interface VariantRun {
  readonly name: string;
  readonly variant: Variant;
  /** The cases, each with how long the silence may last there; null where only safety is judged. */
  readonly cases: readonly Case[];
}

function limited(limits: Readonly<Record<string, number | null>>): Case[] {
  return Object.entries(limits).map(([name, silenceMsMax]) => {
    const found = [...cases, ...specialCases].find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no case ${name}`);
    return { ...found, silenceMsMax };
  });
}

/** `nft` is not there for the servers: a layer over its folder in which it was deleted. */
function withoutNft(folder: string): string[] {
  const [upper, work] = [path.join(folder, 'no-nft-$$'), path.join(folder, 'no-nft-work-$$')];
  const script = [
    `mkdir -p ${upper} ${work}`,
    `mknod ${upper}/nft c 0 0`,
    `mount -t overlay overlay -o lowerdir=/usr/sbin,upperdir=${upper},workdir=${work} /usr/sbin`,
    'exec "$@"',
  ].join(' && ');
  return ['sh', '-c', script, 'sh'];
}

/** No root, and of its rights only the one that moving an address takes. */
function notRoot(): string[] {
  const ids = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
  return [
    'setpriv',
    ...ids,
    '--bounding-set=-all,+net_admin',
    '--inh-caps=-all,+net_admin',
    '--ambient-caps=-all,+net_admin',
  ];
}

/** Pools that are not as usual, each made anew for a few cases. */
export const variantRuns: readonly VariantRun[] = [
  {
    name: 'profile fast',
    variant: { lease: 'profile: fast', ttlMs: 1_200 },
    cases: limited({
      'host loss (link down)': 1_500,
      'keeper SIGKILL': 1_700,
      'whole machine frozen 30 s': 1_700,
      'etcd leader killed': 100,
    }),
  },
  {
    name: 'own disks',
    variant: { ttlMs: 3_000, disks: true },
    cases: limited({ 'disk hung': 3_500, 'database damaged, server process SIGKILL': 500 }),
  },
  {
    name: 'without nftables, ttl 6 s',
    variant: { lease: 'ttl: 6s', ttlMs: 6_000, through: withoutNft },
    cases: limited({
      'role move (planned)': null,
      'keeper SIGKILL': 6_500,
      'whole machine frozen 30 s': 6_500,
    }),
  },
  {
    name: 'not root',
    variant: { ttlMs: 3_000, through: notRoot, uid: nobody },
    cases: limited({ 'role move (planned)': 100, 'keeper SIGKILL': 3_500, 'host loss (link down)': 3_300 }),
  },
];
