import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../client-options.ts';
import { collectName, nameOption } from '../name-option.ts';
import { nodeGroups, setNodeGroup } from '../policies.ts';
import { note, printJson } from '../print.ts';
import { openClient } from '../target.ts';

type Options = ClientOptions &
  PrintOptions & {
    readonly node?: string[];
    readonly group?: string[];
    readonly policy?: string[];
    readonly removeNode?: string[];
    readonly removeGroup?: string[];
    readonly removePolicy?: string[];
  };

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the group; made if it is not there', nameOption)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper node-group set web --node 'web*' --policy http --policy disk
  watchkeeper node-group set all --node '*' --policy load
  watchkeeper node-group set web --remove-policy disk

What is given is added to what the group has, and what is given with --remove- is taken away. A pattern counts for nodes
that join later too. Agents get their policies at once.
`,
    )
    .addOption(
      new Option('--node <PATTERN>', 'nodes by name; * is any text, ? one character').argParser(
        collectPattern,
      ),
    )
    .addOption(new Option('--group <GROUP>', 'a group whose nodes belong to it too').argParser(collectName))
    .addOption(new Option('--policy <POLICY>', 'a policy that its nodes get').argParser(collectName))
    .addOption(new Option('--remove-node <PATTERN>', 'a pattern that it has').argParser(collectPattern))
    .addOption(new Option('--remove-group <GROUP>', 'a group that it has').argParser(collectName))
    .addOption(new Option('--remove-policy <POLICY>', 'a policy that it has').argParser(collectName))
    .action((name, options) => run(cli, name, options));
}

function collectPattern(text: string, before: string[] | undefined): string[] {
  if (text === '' || text.length > 256) throw new InvalidArgumentError('It must be 1 to 256 characters.');
  return [...(before ?? []), text];
}

async function run(cli: Cli, name: string, options: Options): Promise<void> {
  const client = await openClient(cli, options);
  const now = (await nodeGroups(client)).find((group) => group.name === name);
  const content = {
    rules: now?.rules ?? [],
    policyGroups: now?.policyGroups ?? [],
    nodes: merge(now?.nodes, options.node, options.removeNode),
    groups: merge(now?.groups, options.group, options.removeGroup),
    policies: merge(now?.policies, options.policy, options.removePolicy),
  };
  const group = await setNodeGroup(client, name, { ...content, revision: now?.revision ?? 0 });
  if (options.json) return printJson(cli, group);
  note(cli, `node group ${name} has ${group.members} nodes and ${group.policies.length} policies`);
}

function merge(
  now: readonly string[] = [],
  added: readonly string[] = [],
  taken: readonly string[] = [],
): string[] {
  return [...new Set([...now, ...added])].filter((one) => !taken.includes(one));
}
