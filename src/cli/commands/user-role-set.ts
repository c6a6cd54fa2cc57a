import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { permissionSchema, type Permission } from '../../model/rights.ts';
import { userRoleSchema } from '../../model/users.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';
import { userRolePath } from '../asking/user-roles.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper user-role set dba --allow operate:db*:oracle,backup-* --allow see:web*
  watchkeeper user-role set web-team --allow operate:@web
  watchkeeper user-role set planner --allow see --allow configure --about "changes definitions"

An --allow is RIGHT, RIGHT:NODES or RIGHT:NODES:GROUPS, with patterns separated by commas; * is any text, ? one character,
and @NAME among the nodes is a node group, with whoever is in it at that time.
Rights are see, operate, act, configure and administer; operate and act let one see the same. The role is exactly this from
now on, on every server.
`,
    )
    .argument('<NAME>', 'the user role; made if it is not there', nameOption)
    .addOption(
      new Option('--allow <RIGHT>', 'a right, and over what; may be given several times')
        .argParser(collectPermission)
        .makeOptionMandatory(),
    )
    .option('--about <TEXT>', 'what it is for')
    .action(async (name, { allow, about, ...options }) => {
      const client = await openClient(cli, options);
      const body = { permissions: allow, ...(about !== undefined && { description: about }) };
      const role = await client.ask({ method: 'PUT', path: userRolePath(name), body }, userRoleSchema);
      if (options.json) return printJson(cli, role);
      note(cli, `user role ${name} is defined, and its users have its rights now`);
    });
}

function collectPermission(text: string, before: Permission[] | undefined): Permission[] {
  const [right, nodes, groups, ...rest] = text.split(':');
  const parsed = permissionSchema.safeParse({
    right,
    ...listOf('nodes', named(nodes, false)),
    ...listOf('nodeGroups', named(nodes, true)),
    ...listOf('groups', groups),
  });
  if (rest.length > 0 || !parsed.success)
    throw new InvalidArgumentError(`${text} is not RIGHT[:NODES[:GROUPS]]; see --help.`);
  return [...(before ?? []), parsed.data];
}

/** Of what is named as nodes: the node groups, without their `@`, or the others. */
function named(text: string | undefined, groups: boolean): string {
  const words = (text ?? '').split(',').filter((word) => word.startsWith('@') === groups);
  return words.map((word) => (groups ? word.slice(1) : word)).join(',');
}

function listOf(name: string, text: string | undefined): Record<string, string[]> {
  return text === undefined || text === '' ? {} : { [name]: text.split(',') };
}
