import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { nodeAttributesContentSchema } from '../../model/node-definitions.ts';
import type { DefinitionRevision } from '../../model/config.ts';
import { codeOf, WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { changeConfig, readDefinition } from '../asking/config.ts';
import { nameOption } from '../options/name-option.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NODE>', 'its name; it need not have joined yet', nameOption)
    .argument('[LABEL...]', 'KEY=VALUE', collectLabel, {} as Record<string, string>)
    .addOption(new Option('--remove <KEY>', 'a label that it has').argParser(collectKey))
    .addHelpText(
      'before',
      `Examples:
  watchkeeper node label web01 site=oslo tier=web
  watchkeeper node label web01 --remove tier
  watchkeeper node-group set oslo --rule label.site=oslo --policy disk

Rules of node groups ask for labels, so a node gets the policies of those groups as soon as it joins.
`,
    )
    .action(async (node, labels, options) => {
      const client = await openClient(cli, options);
      const { revision, content } = await attributesOf(client, node);
      const removed = options.remove ?? [];
      const kept = Object.entries({ ...content.labels, ...labels }).filter(([key]) => !removed.includes(key));
      const after = { ...content, labels: Object.fromEntries(kept) };
      const isEmpty = kept.length === 0 && content.description === undefined;
      const change = { kind: 'node', name: node, revision, content: isEmpty ? null : after } as const;
      if (!isEmpty || revision > 0) await changeConfig(client, { changes: [change], via: 'node label' });
      if (options.json) return printJson(cli, { node, labels: after.labels });
      note(cli, `node ${node}: ${kept.map(([key, value]) => `${key}=${value}`).join(' ') || 'no labels'}`);
    });
}

async function attributesOf(client: PoolClient, name: string) {
  const { now, content } = await readDefinition(client, { kind: 'node', name }).catch(
    (error: unknown): Pick<DefinitionRevision, 'now' | 'content'> => {
      if (error instanceof WatchError && codeOf(error) === 'WK_NOT_FOUND') return { now: 0, content: {} };
      throw error;
    },
  );
  return { revision: now, content: nodeAttributesContentSchema.parse(content ?? {}) };
}

const labelsSchema = nodeAttributesContentSchema.shape.labels;

function collectLabel(text: string, before: Record<string, string>): Record<string, string> {
  const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  const parsed = labelsSchema.safeParse({ [key]: value });
  if (parsed.success && key !== '') return { ...before, [key]: value };
  const why = parsed.success ? 'must be KEY=VALUE' : z.prettifyError(parsed.error).split('\n')[0];
  throw new InvalidArgumentError(`${text}: ${why ?? ''}.`);
}

function collectKey(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}
