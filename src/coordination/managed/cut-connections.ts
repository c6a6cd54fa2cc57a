import { parseAddress } from '../../model/address.ts';
import type { Commands } from '../../runtime/commands.ts';
import type { EtcdPlace } from './local-member.ts';

const timeoutMs = 3_000;
const outputBytesMax = 4 * 1_048_576;

/**
 * Ends every open connection to this machine's etcd; who is in order is back at once, and the others are refused. True when
 * none is left of those that were there; false where we may not (it takes CAP_NET_ADMIN) or the kernel cannot.
 */
export async function cutConnections(
  commands: Pick<Commands, 'run'>,
  { client, peer }: EtcdPlace,
): Promise<boolean> {
  const ports = [client, peer].flatMap((place) => parseAddress(place)?.port ?? []);
  const which = `( ${ports.map((port) => `sport = :${port}`).join(' or ')} )`;
  const ss = async (...options: readonly string[]): Promise<Set<string> | null> => {
    const args = ['-Htn', ...options, 'state', 'established', which];
    const { exitCode, stdout } = await commands.run({ file: 'ss', args, timeoutMs, outputBytesMax });
    if (exitCode !== 0) return null;
    // Without its state a line is: two queues, our end, the other end.
    const ends = stdout.split('\n').map((line) => line.trim().split(/\s+/).slice(2, 4).join(' '));
    return new Set(ends.filter((pair) => pair !== ''));
  };
  try {
    const before = await ss();
    if (before === null || (await ss('-K')) === null) return false;
    const after = await ss();
    return after !== null && after.isDisjointFrom(before);
  } catch {
    // There is no `ss` here.
    return false;
  }
}
