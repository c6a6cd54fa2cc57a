import { Argument, type Command } from '@commander-js/extra-typings';
import { statusVariablesSchema } from '../../model/status-variables.ts';
import { setInDefinition } from '../asking/definition.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { openClient } from '../asking/target.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the variable, as policies declare it', nameOption)
    .addArgument(new Argument('<VALUE>', 'what it is from now on').choices(['true', 'false'] as const))
    .addHelpText(
      'before',
      `Examples:
  watchkeeper status-variable set move-day true

Rules that ask for it go by that at once, on every server, and what they held is looked at again. It stays so until it is
switched again or removed; then what each policy declares counts.
`,
    )
    .action(async (name, value, options) => {
      const client = await openClient(cli, options);
      const place = { kind: 'status-variable', name } as const;
      const told = { value: value === 'true' };
      const { revision } = await setInDefinition(client, place, told, 'status-variable set');
      if (options.json) return printJson(cli, { name, ...told, revision });
      note(cli, `condition status variable ${name} is ${value} now`);
      if (!(await isDeclared(client, name)))
        note(cli, `no policy in force declares ${name}: nothing asks for it`);
    });
}

async function isDeclared(client: PoolClient, name: string): Promise<boolean> {
  const { variables } = await client.ask({ path: '/api/v1/status-variables' }, statusVariablesSchema);
  return variables.some((one) => one.name === name && one.declared.length > 0);
}
