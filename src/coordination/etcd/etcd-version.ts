/**
 * The first version of each minor without the known fault that a member which was paused may answer a linearizable
 * read with old data. Our safety rests on transactions, never on reads, so that an older etcd is slower to notice things
 * and not unsafe; it is still said.
 */
const soundFrom: Readonly<Record<string, number>> = { '3.4': 42, '3.5': 28, '3.6': 9 };

/** Null when nothing is known against this etcd, else one sentence for the operator. */
export function doubtsAbout(version: string): string | null {
  const [, major = '', minor = '', patch = ''] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) > 3 || (major === '3' && Number(minor) > 6)) return null;
  const from = soundFrom[`${major}.${minor}`];
  if (from !== undefined && Number(patch) >= from) return null;
  return (
    `etcd ${version} has known faults (reads that may be stale after a pause, leases that may be lost); ` +
    'nothing here relies on either, but use 3.5.28, 3.6.9 or later of these'
  );
}
