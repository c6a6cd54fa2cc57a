import type { Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { toolDetailSchema, type ToolDetail } from '../../model/action-api.ts';
import { nameSchema } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import { checkedToolSchema } from '../../policies/checked-tool.ts';
import { readYamlSource } from '../../runtime/yaml-file.ts';
import { toolPath } from '../asking/actions.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { note, printJson } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';
import { openClient } from '../asking/target.ts';

const sourceSchema = z.record(z.string(), z.unknown());

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<FILE...>', 'tools, one a file; each is called like its file')
    .addHelpText(
      'before',
      `Examples:
  watchkeeper tool set restart.yaml
  watchkeeper tool run restart --node web01 --parameter service=nginx

A tool is a program with fixed arguments and parameters; restart.yaml may say:
  description: restarts a service
  command: [/usr/bin/systemctl, restart, --, "\${service}"]
  parameters:
    service: { type: choice, values: [nginx, postgresql] }
  user: root
  timeout: 30s

No shell is ever in between: whatever is given for a parameter is that one argument. Every file is checked before the first is sent.
`,
    )
    .action(async (files, options) => {
      const runtime = await cli.runtime();
      const found: { name: string; source: Record<string, unknown> }[] = [];
      for (const file of files) {
        const path = resolvePath(cli, file);
        const { written } = await readYamlSource(runtime.files, path, checkedToolSchema);
        found.push({ name: nameOf(file), source: sourceSchema.parse(written) });
      }
      const client = await openClient(cli, options);
      const tools: ToolDetail[] = [];
      for (const { name, source } of found) {
        const question = { method: 'PUT', path: toolPath(name), body: { source } } as const;
        tools.push(await client.ask(question, toolDetailSchema));
        if (!options.json) note(cli, `tool ${name} is defined`);
      }
      if (options.json) printJson(cli, { tools });
    });
}

/** `restart` of `tools/restart.yaml`. */
function nameOf(file: string): string {
  const name = (file.split('/').at(-1) ?? '').replace(/\.ya?ml$/, '');
  const parsed = nameSchema.safeParse(name);
  if (parsed.success) return parsed.data;
  throw new WatchError(
    'WK_CONFIG',
    `${file}: a tool is called like its file, and the name ${parsed.error.issues[0]?.message}`,
  );
}
