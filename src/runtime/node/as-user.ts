import { accessSync, constants } from 'node:fs';
import { WatchError } from '../../model/errors.ts';
import type { CommandCall, CommandResult } from '../commands.ts';

/** A user database may be on the network. */
const lookUpMs = 5_000;

/**
 * The same call as another user. `setpriv` takes on the user's groups and clears the environment, which spawning with a user
 * ID would not, then becomes the program, so process ID and pipes stay. Errors: WK_NOT_FOUND (the user, the program), WK_DENIED.
 */
export async function asUser(
  call: CommandCall,
  user: string,
  run: (call: CommandCall) => Promise<CommandResult>,
): Promise<CommandCall> {
  const ownId = process.getuid?.() ?? -1;
  const { userId, groupId } = await idsOf(user, run);
  if (userId === ownId) return call;
  if (ownId !== 0)
    throw new WatchError(
      'WK_DENIED',
      `${call.file} is to run as ${user}, and only an agent that runs as root can start programs as somebody else`,
    );
  assertExecutable(call.file);
  const ids = ['--reuid', String(userId), '--regid', String(groupId), '--init-groups', '--reset-env'];
  return { ...call, file: 'setpriv', args: [...ids, '--', call.file, ...call.args] };
}

async function idsOf(
  user: string,
  run: (call: CommandCall) => Promise<CommandResult>,
): Promise<{ userId: number; groupId: number }> {
  const args = ['passwd', user];
  const { stdout } = await run({ file: 'getent', args, timeoutMs: lookUpMs, outputBytesMax: 4_096 });
  const [name, , userId, groupId] = stdout.trimEnd().split(':');
  if (name !== user || !/^\d+$/.test(userId ?? '') || !/^\d+$/.test(groupId ?? ''))
    throw new WatchError('WK_NOT_FOUND', `there is no user ${user} on this system`);
  return { userId: Number(userId), groupId: Number(groupId) };
}

/** What `setpriv` cannot start it tells by an exit code that a program may have too. */
function assertExecutable(file: string): void {
  try {
    accessSync(file, constants.X_OK);
  } catch (cause) {
    throw new WatchError('WK_NOT_FOUND', `${file} is not there, or may not be executed`, { cause });
  }
}
