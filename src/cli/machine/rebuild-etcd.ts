import type { EtcdCoordination } from '../../coordination/etcd/open-etcd.ts';
import { Roster } from '../../coordination/etcd/roster.ts';
import { etcdFiles, type EtcdFilePaths } from '../../coordination/managed/etcd-files.ts';
import { newMemberName, writeGoAlone } from '../../coordination/managed/local-member.ts';
import { openEtcdAt } from '../../coordination/open.ts';
import { etcdMemberSchema, holderSchema, keys, type Pool } from '../../model/definitions.ts';
import { codeOf, WatchError } from '../../model/errors.ts';
import { uuidV4 } from '../../model/uuid.ts';
import { readKeeperFile } from '../../pool/keeper-file.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';
import type { ServerConfig } from '../../server/config.ts';
import { confirmFromKnown } from './confirm-coordinator.ts';

const lookEveryMs = 500;
const startsWithinMs = 60_000;
/**
 * The old etcd may go on unseen and give out epochs of its own. Ours begin so far above that it does not catch up, so that
 * whoever is acted on can tell the two apart.
 */
const epochsAhead = 1_000;

/**
 * What this server knows of the pool, as the beginning of an etcd of its own: only its own member runs, and every role that was
 * ever held goes on under an epoch that nobody else gives out.
 */
export function beginningFrom(
  known: ReadonlyMap<string, string>,
  coreId: string,
  own: { readonly client: string; readonly peer: string; readonly name: string },
): Map<string, string> {
  const kept = [...known].filter(([key]) => !key.startsWith(keys.etcdMembers) && key !== keys.etcdStep);
  const beginning = new Map(
    kept.map(([key, value]) => [key, key.startsWith(keys.holders) ? ahead(value) : value]),
  );
  return beginning.set(keys.etcdMember(coreId), JSON.stringify(etcdMemberSchema.parse(own)));
}

function ahead(value: string): string {
  const holder = holderSchema.safeParse(JSON.parse(value));
  if (!holder.success) return value;
  return JSON.stringify({ ...holder.data, epoch: holder.data.epoch + epochsAhead });
}

/**
 * Has the keeper of this machine begin an etcd of its own, and writes into it what this server knows, under a new lineage that
 * goes on from the one it knew: whoever knew that follows, the lost server too when it comes back. Errors: WK_TIMEOUT when
 * etcd does not start, and those of `confirmFromKnown`.
 */
export async function rebuildEtcd(
  runtime: Runtime,
  config: ServerConfig,
  known: ReadonlyMap<string, string>,
): Promise<Pool> {
  const run = config.etcd?.run ?? null;
  if (run === null) throw new WatchError('WK_CONFLICT', 'this server runs no member of etcd');
  const { coreId, name: serverName } = config.server;
  const files = etcdFiles(config.data);
  const lineage = uuidV4(runtime.random.bytes(16));
  const before = (await readKeeperFile(runtime.files, config.data))?.lineage ?? null;
  const name = newMemberName(serverName, runtime.random);
  await writeGoAlone(runtime.files, files, { name, token: lineage });
  await assertReadable(runtime, files);
  await new Roster(runtime.files, files.roster).write([`https://${run.client}`]);
  const etcd = await openEtcdAt(config.coordination, runtime);
  try {
    await awaitAnswer(runtime, etcd, name);
    const own = { client: run.client, peer: run.peer, name };
    return await confirmFromKnown(etcd, beginningFrom(known, coreId, own), { lineage, known: before });
  } finally {
    await etcd.close();
  }
}

/** WK_DENIED where the keeper runs as another user, who could read nothing of what is written here. */
async function assertReadable({ files }: Runtime, { folder, alone }: EtcdFilePaths): Promise<void> {
  const [owner, ours] = await Promise.all([files.status(folder), files.status(alone)]);
  if (ours === null || owner?.userId === ours.userId) return;
  await files.remove(alone);
  throw new WatchError(
    'WK_DENIED',
    `${folder}: belongs to another user; run this command as the one that the server runs as (sudo -u watchkeeper …)`,
  );
}

/** The member of the new etcd, not what ran there before. */
async function awaitAnswer(
  { clock, timers }: Runtime,
  { voting }: EtcdCoordination,
  name: string,
): Promise<void> {
  for (const endMs = clock.monotonicMs() + startsWithinMs; clock.monotonicMs() < endMs;) {
    try {
      const { members } = await voting.list();
      if (members.some((member) => member.name === name)) return;
    } catch (error) {
      if (codeOf(error) !== 'WK_COORDINATOR_AWAY') throw error;
    }
    await sleep(timers, lookEveryMs);
  }
  throw new WatchError(
    'WK_TIMEOUT',
    'etcd does not start here: see etcd.log in the folder etcd of --data, and give the command again',
  );
}
