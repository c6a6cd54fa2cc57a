import type { Command } from '@commander-js/extra-typings';
import { actionAnswerSchema } from '../../model/action-api.ts';
import { uuidV7 } from '../../model/uuid.ts';
import { showAsked } from '../asking/show-asked.ts';
import { openClient } from '../asking/target.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { messageIdArgument } from '../options/message-id-argument.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<ID>', 'the message', messageIdArgument)
    .option('--follow', 'show what it prints and how it ends')
    .addHelpText(
      'before',
      `Examples:
  watchkeeper message show 0190a6f4-0000-7000-8000-000000000001
  watchkeeper message act 0190a6f4-0000-7000-8000-000000000001 --follow

What a policy offers stands in message show, and in the console beside the message; the result becomes an annotation.
`,
    )
    .action(async (id, options) => {
      const client = await openClient(cli, options);
      const { clock, random } = await cli.runtime();
      // So that it is asked once, whichever server's answer is lost.
      const body = { idempotencyKey: uuidV7(clock.wallMs(), random.bytes(10)) };
      const path = `/api/v1/messages/${id}/actions`;
      const asked = await client.ask({ method: 'POST', path, body }, actionAnswerSchema);
      await showAsked(cli, client, asked, options);
    });
}
