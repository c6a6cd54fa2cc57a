import type { Command } from '@commander-js/extra-typings';
import { whoAmISchema, type WhoAmI } from '../../model/users-api.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { printJson, printPairs } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { scopeText } from '../terminal/scope-text.ts';
import { openClient } from '../asking/target.ts';
import { localTimeText, localZone } from '../terminal/times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command).action(async (options) => {
    const client = await openClient(cli, options);
    const who = await client.ask({ path: '/api/v1/session' }, whoAmISchema);
    if (options.json) return printJson(cli, who);
    print(cli, who);
  });
}

function print(cli: Cli, { kind, name, displayName, roles, rights, session }: WhoAmI): void {
  const until = session === null ? [] : [['until', localTimeText(session.expiresMs, localZone())] as const];
  printPairs(cli, [
    [kind, displayName === '' ? name : `${name} (${safeText(displayName)})`],
    ['roles', roles.join(', ') || 'none'],
    ...rights.map(({ right, scope }) => [right, scopeText(scope)] as const),
    ...until,
  ]);
}
