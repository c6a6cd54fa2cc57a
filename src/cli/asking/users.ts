import { doneSchema, userAnswerSchema, type UserAnswer, type UserRequest } from '../../model/users-api.ts';
import type { Cli } from '../cli.ts';
import type { PoolClient } from './pool-client.ts';
import { localTimeText, localZone } from '../terminal/times.ts';

function userPath(name: string): string {
  return `/api/v1/users/${encodeURIComponent(name)}`;
}

export function changeUser(client: PoolClient, name: string, body: UserRequest): Promise<UserAnswer> {
  return client.ask({ method: 'POST', path: userPath(name), body, once: true }, userAnswerSchema);
}

export async function removeUser(client: PoolClient, name: string): Promise<void> {
  await client.ask({ method: 'DELETE', path: userPath(name), once: true }, doneSchema);
}

/** The link as it is given to the user, at a server that answers. */
export function printSetup(cli: Cli, server: string, { user, setup }: UserAnswer): void {
  if (setup === null) return;
  const until = localTimeText(setup.expiresMs, localZone());
  cli.stdout.write(`${server}${setup.path}\n`);
  cli.stderr.write(
    `with this link ${user.name} sets a password, once, until ${until}; it is shown only now\n`,
  );
}
