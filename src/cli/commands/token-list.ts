import type { Command } from '@commander-js/extra-typings';
import { listApiTokens } from '../../security/api-token.ts';
import type { Cli } from '../cli.ts';
import { defineLocalList } from '../machine/local-list.ts';

export function define(command: Command, cli: Cli): void {
  defineLocalList(command, cli, {
    called: 'tokens',
    read: listApiTokens,
    columns: (time) => [
      { title: 'ID', value: ({ id }) => id },
      { title: 'MADE', value: ({ createdMs }) => time(createdMs) },
      { title: 'EXPIRES', value: ({ expiresMs }) => (expiresMs === null ? 'never' : time(expiresMs)) },
      { title: 'NAME', value: ({ name }) => name },
    ],
    nothing: 'there is no API token',
  });
}
