import type { Command } from '@commander-js/extra-typings';
import { listEnrolRequests } from '../../security/approval.ts';
import type { Cli } from '../cli.ts';
import { defineLocalList } from '../machine/local-list.ts';
import { safeText } from '../terminal/safe-text.ts';

export function define(command: Command, cli: Cli): void {
  defineLocalList(command, cli, {
    called: 'requests',
    read: listEnrolRequests,
    columns: (time) => [
      { title: 'NAME', value: ({ name }) => safeText(name) },
      { title: 'KIND', value: ({ kind }) => kind },
      { title: 'STATE', value: ({ state }) => state },
      { title: 'ASKED', value: ({ askedMs }) => time(askedMs) },
      { title: 'FROM', value: ({ address }) => safeText(address) },
      { title: 'CORE ID', value: ({ coreId }) => coreId },
      { title: 'KEY (SHA-256)', value: ({ keySha256 }) => keySha256 },
    ],
    nothing: 'nobody waits for approval',
  });
}
