import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { findContext, readContexts, writeContexts } from '../asking/contexts.ts';
import { note } from '../terminal/print.ts';

export function define(command: Command, cli: Cli): void {
  command.argument('<NAME>', 'the context to forget').action(async (name) => {
    const { files } = await cli.runtime();
    const { current, contexts } = await readContexts(files, cli);
    findContext({ current, contexts }, name);
    const { [name]: _, ...rest } = contexts;
    await writeContexts(files, cli, { current: current === name ? null : current, contexts: rest });
    note(cli, `context ${name} is forgotten; the files it named are kept`);
  });
}
