import type { Command } from '@commander-js/extra-typings';
import { decideEnrolment } from '../../security/approval.ts';
import type { Cli } from '../cli.ts';
import { defineLocalChange } from '../machine/local-change.ts';

export function define(command: Command, cli: Cli): void {
  defineLocalChange(command, cli, {
    help: 'Says no to one who waits; its token is used up.\n',
    named: 'its name, or its core ID as `enrol list` prints it',
    change: ({ coordination, by }, name) => decideEnrolment(coordination, name, 'denied', by),
    document: (request) => request,
    told: ({ kind, name }) => `${kind} ${name} stays out`,
  });
}
