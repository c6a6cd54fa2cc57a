import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { findContext, readContexts, writeContexts } from '../asking/contexts.ts';
import { note } from '../terminal/print.ts';

export function define(command: Command, cli: Cli): void {
  command.argument('<NAME>', 'the context that commands go to from now on').action(async (name) => {
    const { files } = await cli.runtime();
    const contexts = await readContexts(files, cli);
    findContext(contexts, name);
    await writeContexts(files, cli, { ...contexts, current: name });
    note(cli, `commands go to ${name} now`);
  });
}
