import type { Command } from '@commander-js/extra-typings';
import { decideEnrolment } from '../../security/approval.ts';
import type { Cli } from '../cli.ts';
import { defineLocalChange } from '../machine/local-change.ts';

export function define(command: Command, cli: Cli): void {
  defineLocalChange(command, cli, {
    help: 'Lets one who waits join. Compare the key with what the newcomer shows, where that matters.\n',
    named: 'its name, or its core ID as `enrol list` prints it',
    change: ({ coordination, by }, name) => decideEnrolment(coordination, name, 'approved', by),
    document: (request) => request,
    told: ({ kind, name }) => `${kind} ${name} has joined as soon as it asks again`,
  });
}
