import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectMember } from '../../src/coordination/etcd/member.ts';
import { signal } from '../pool/managed-process.ts';
import { childrenOf } from '../pool/process-table.ts';
import { until } from '../pool/real-pool.ts';
import type { NetworkPool } from './network-pool.ts';

export interface Scene {
  readonly pool: NetworkPool;
  readonly role: string;
  /** Who holds the role when the fault begins. */
  readonly holder: string;
  /** The short form: pauses just longer than a lease instead of half a minute. */
  readonly short: boolean;
}

export interface Case {
  readonly name: string;
  /** True: the address must move. False: it must stay, with its epoch. Null: either, but never on two hosts. */
  readonly moves: boolean | null;
  /** The median silence at the client may be this long; null where only safety is judged. */
  readonly silenceMsMax: number | null;
  /** In the short form, too. */
  readonly essential: boolean;
  /** So often there; else once. */
  readonly shortRuns?: number;
  /** The longest time that the fault itself takes, beside the takeover. Says what was wrong, if it saw something. */
  readonly inject: (scene: Scene) => Promise<string | void>;
  /** Only where each server's data is on a disk of its own. */
  readonly needsDisks?: boolean;
  /** Afterwards everything is as before. */
  readonly mend?: (scene: Scene) => Promise<void>;
}

/** At the defaults; a pool with another lease has limits of its own. */
const ttlMs = 3_000;
const longMs = { full: 30_000, short: 8_000 } as const;

export function keeperOf({ pool, holder }: Scene): number {
  return pool.server(holder).process.pid ?? 0;
}

/** Beside it the keeper has other children, for moments: nft, ip, arping. */
export function serverOf(scene: Scene): number {
  const found = childrenOf(keeperOf(scene)).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('run-process'),
  );
  if (found === undefined) throw new Error(`${scene.holder} has no server process`);
  return found;
}

export function lastsMs({ short }: Scene): number {
  return short ? longMs.short : longMs.full;
}

export async function stopped(pids: readonly number[], forMs: number): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGSTOP');
  await sleep(forMs);
  for (const pid of pids) signal(pid, 'SIGCONT');
}

/** Every process on the host, whatever it is just doing. */
function pidsOn({ pool, holder }: Scene): Promise<number[]> {
  return pool.lab.pidsIn(pool.lab.host(holder).namespace);
}

async function cutBoth(scene: Scene, others: readonly string[]): Promise<void> {
  for (const other of others) await cutTo(scene, other, 'both');
}

async function cutTo({ pool, holder }: Scene, other: string, way: 'both' | 'to' | 'from'): Promise<void> {
  if (way !== 'from') await pool.lab.cut(holder, other);
  if (way !== 'to') await pool.lab.cut(other, holder);
}

function etcdsOf({ pool }: Scene): string[] {
  return [...pool.etcds.keys()];
}

export function peersOf({ pool, holder }: Scene): string[] {
  return pool.servers.map(({ host }) => host.name).filter((name) => name !== holder);
}

const heal = (scene: Scene): Promise<void> => scene.pool.lab.heal();

export async function etcdLeader(scene: Scene): Promise<string> {
  for (const name of etcdsOf(scene)) {
    const member = connectMember(`http://${scene.pool.lab.host(name).ipv4}:2379`, undefined);
    try {
      const { header, leader } = await member.maintenance.status({}, { timeoutMs: 1_000 });
      if (header?.memberId === leader) return name;
    } finally {
      member.close();
    }
  }
  throw new Error('no member of etcd leads');
}

/** As a person would, at the server that shall hold it. */
export async function move({ pool, role }: Scene, to: string): Promise<void> {
  const server = `https://${pool.server(to).host.ipv4}:7100`;
  const at = ['--server', server, '--identity', pool.identityPath];
  await pool.cli('control', 'role', 'move', role, to, ...at);
}

/** The one that was killed in this run of the case. */
let deadEtcd = '';

export const cases: readonly Case[] = [
  {
    name: 'role move (planned)',
    moves: true,
    silenceMsMax: 100,
    essential: true,
    shortRuns: 5,
    inject: async (scene) => move(scene, peersOf(scene)[0] ?? ''),
  },
  {
    name: 'server process SIGKILL',
    moves: true,
    silenceMsMax: 500,
    essential: true,
    inject: async (scene) => void signal(serverOf(scene), 'SIGKILL'),
  },
  {
    name: 'server process SIGSTOP 30 s',
    moves: true,
    silenceMsMax: ttlMs + 500,
    essential: false,
    inject: (scene) => stopped([serverOf(scene)], lastsMs(scene)),
  },
  {
    name: 'server process paused 1 s',
    moves: false,
    silenceMsMax: null,
    essential: false,
    inject: async (scene) => {
      await stopped([serverOf(scene)], 1_000);
      await sleep(ttlMs);
    },
  },
  {
    name: 'keeper SIGKILL',
    moves: true,
    silenceMsMax: ttlMs + 500,
    essential: true,
    inject: async (scene) => void signal(keeperOf(scene), 'SIGKILL'),
  },
  {
    name: 'keeper SIGSTOP 30 s',
    moves: true,
    silenceMsMax: ttlMs + 500,
    essential: true,
    inject: (scene) => stopped([keeperOf(scene)], lastsMs(scene)),
  },
  {
    name: 'whole machine frozen 30 s',
    moves: true,
    silenceMsMax: ttlMs + 500,
    essential: true,
    inject: async (scene) => stopped(await pidsOn(scene), lastsMs(scene)),
  },
  {
    name: 'host loss (link down)',
    moves: true,
    silenceMsMax: 3_300,
    essential: true,
    inject: async (scene) => {
      await scene.pool.lab.link(scene.holder, 'down');
      await sleep(scene.pool.variant.ttlMs + 3_000);
      await scene.pool.lab.link(scene.holder, 'up');
    },
  },
  {
    name: 'cut from etcd only',
    moves: null,
    silenceMsMax: null,
    essential: true,
    inject: async (scene) => {
      await cutBoth(scene, etcdsOf(scene));
      await sleep(scene.pool.variant.ttlMs + 5_000);
    },
    mend: heal,
  },
  {
    name: 'cut from peers only',
    moves: null,
    silenceMsMax: null,
    essential: false,
    inject: async (scene) => {
      await cutBoth(scene, peersOf(scene));
      await sleep(scene.pool.variant.ttlMs + 5_000);
    },
    mend: heal,
  },
  ...(['to', 'from'] as const).map((way): Case => ({
    name: `cut one way, ${way} etcd`,
    moves: null,
    silenceMsMax: null,
    essential: false,
    inject: async (scene) => {
      for (const etcd of etcdsOf(scene)) await cutTo(scene, etcd, way);
      await sleep(scene.pool.variant.ttlMs + 5_000);
    },
    mend: heal,
  })),
  ...(['to', 'from'] as const).map((way): Case => ({
    name: `cut one way, ${way} peers`,
    moves: null,
    silenceMsMax: null,
    essential: false,
    inject: async (scene) => {
      for (const peer of peersOf(scene)) await cutTo(scene, peer, way);
      await sleep(scene.pool.variant.ttlMs + 5_000);
    },
    mend: heal,
  })),
  {
    name: 'etcd leader killed',
    moves: false,
    silenceMsMax: 100,
    essential: true,
    inject: async (scene) => {
      deadEtcd = await etcdLeader(scene);
      scene.pool.etcds.get(deadEtcd)?.kill('SIGKILL');
      await sleep(2 * scene.pool.variant.ttlMs);
    },
    mend: async ({ pool }) => pool.runEtcd(deadEtcd, [...pool.etcds.keys()]),
  },
  {
    name: 'all of etcd stopped 60 s',
    moves: false,
    silenceMsMax: 100,
    essential: true,
    inject: async (scene) => {
      const names = etcdsOf(scene);
      for (const name of names) scene.pool.etcds.get(name)?.kill('SIGKILL');
      await sleep(scene.short ? 10_000 : 60_000);
      for (const name of names) scene.pool.runEtcd(name, names);
      await until('etcd has a leader', async () => (await etcdLeader(scene)) !== '', 30_000);
      await sleep(scene.pool.variant.ttlMs);
    },
  },
];
