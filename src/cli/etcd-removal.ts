import type { Coordination } from '../coordination/coordination.ts';
import type { EtcdCoordination } from '../coordination/etcd/open-etcd.ts';
import { etcdMemberSchema, keys, type EtcdMemberRecord } from '../model/definitions.ts';
import { codeOf, WatchError } from '../model/errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { sleep } from '../runtime/timing.ts';

const lookEveryMs = 250;

/** Where a server or witness that leaves runs etcd, or offered to. */
export async function etcdPlaceAt(
  coordination: Coordination,
  coreId: string,
): Promise<EtcdMemberRecord | null> {
  const item = await coordination.get(keys.etcdMember(coreId));
  return item === null ? null : etcdMemberSchema.parse(JSON.parse(item.value));
}

/** WK_CONFLICT, also with --force, for the only member of etcd: everything that is configured would go with it. */
export async function assertReplaced(
  { voting }: EtcdCoordination,
  name: string,
  { peer }: EtcdMemberRecord,
): Promise<void> {
  const { members } = await voting.list();
  const others = members.filter((member) => member.peerUrl !== `https://${peer}` && member.name !== '');
  if (others.length > 0 || !members.some(({ peerUrl }) => peerUrl === `https://${peer}`)) return;
  throw new WatchError(
    'WK_CONFLICT',
    `${name} runs the only member of the pool's etcd, and everything that is configured with it; install etcd on another server that was joined without --no-etcd, and wait until \`pool status\` shows its member as a learner`,
  );
}

/** Whether etcd still has the member after a while. The acting server takes it out. */
export async function isMember(
  { clock, timers }: Runtime,
  { voting }: EtcdCoordination,
  { peer }: EtcdMemberRecord,
  withinMs: number,
): Promise<boolean> {
  for (const endMs = clock.monotonicMs() + withinMs; clock.monotonicMs() < endMs;) {
    try {
      const { members } = await voting.list();
      if (!members.some(({ peerUrl }) => peerUrl === `https://${peer}`)) return false;
    } catch (error) {
      if (codeOf(error) !== 'WK_COORDINATOR_AWAY') throw error;
    }
    await sleep(timers, lookEveryMs);
  }
  return true;
}
