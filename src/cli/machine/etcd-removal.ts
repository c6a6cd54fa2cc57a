import type { Coordination } from '../../coordination/coordination.ts';
import type { EtcdCoordination } from '../../coordination/etcd/open-etcd.ts';
import { etcdMemberSchema, keys, type EtcdMemberRecord } from '../../model/definitions.ts';
import { codeOf, WatchError } from '../../model/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';
import type { Uuid } from '../../model/uuid.ts';
import { revoke } from '../../security/revoke.ts';
import type { Local } from './with-coordinator.ts';

const lookEveryMs = 250;
const asksWithinMs = 5_000;

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

/**
 * Whoever was removed counts nowhere any more. A machine that ran etcd asks it every second whether it was let go, and is
 * given the time for that, since etcd takes no connection of it after this.
 */
export async function revokeRemoved(
  { runtime, coordination, by }: Pick<Local, 'runtime' | 'coordination' | 'by'>,
  who: { readonly kind: 'server' | 'witness'; readonly coreId: Uuid; readonly name: string },
  ranEtcd: boolean,
): Promise<void> {
  if (ranEtcd) await sleep(runtime.timers, asksWithinMs);
  const { name } = who;
  await revoke({ ...runtime, coordination }, { identity: who, name, by, because: 'it was removed' });
}
