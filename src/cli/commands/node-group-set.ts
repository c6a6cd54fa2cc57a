import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { collectName, nameOption } from '../options/name-option.ts';
import { collectRule } from '../options/rule-option.ts';
import type { NodeRule } from '../../model/node-definitions.ts';
import { nodeGroups, setNodeGroup } from '../asking/policies.ts';
import { many } from '../terminal/many.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';

type Options = ClientOptions &
  PrintOptions & {
    readonly node?: string[];
    readonly group?: string[];
    readonly policy?: string[];
    readonly policyGroup?: string[];
    readonly rule?: NodeRule[];
    readonly removeRules?: true;
    readonly removePolicyGroup?: string[];
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
  watchkeeper node-group set oslo --rule address=10.1.0.0/16 --rule 'label.site=oslo,system=linux'
  watchkeeper node-group set web --remove-policy disk

What is given is added to what the group has, and what is given with --remove- is taken away. A pattern counts for nodes
that join later too, and so does a rule, which asks for any of: name, address (or network), system, label.NAME; a node has to fit
all that one rule says. Agents get their policies at once.
`,
    )
    .addOption(
      new Option('--node <PATTERN>', 'nodes by name; * is any text, ? one character').argParser(
        collectPattern,
      ),
    )
    .addOption(new Option('--group <GROUP>', 'a group whose nodes belong to it too').argParser(collectName))
    .addOption(new Option('--policy <POLICY>', 'a policy that its nodes get').argParser(collectName))
    .addOption(
      new Option('--rule <RULE>', 'what its nodes have: name=, address=, system=, label.NAME=').argParser(
        collectRule,
      ),
    )
    .addOption(
      new Option('--policy-group <GROUP>', 'a group of policies that its nodes get').argParser(collectName),
    )
    .addOption(new Option('--remove-node <PATTERN>', 'a pattern that it has').argParser(collectPattern))
    .addOption(new Option('--remove-group <GROUP>', 'a group that it has').argParser(collectName))
    .addOption(new Option('--remove-policy <POLICY>', 'a policy that it has').argParser(collectName))
    .addOption(
      new Option('--remove-policy-group <GROUP>', 'a group of policies that it has').argParser(collectName),
    )
    .option('--remove-rules', 'all the rules that it has')
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
    rules: [...(options.removeRules ? [] : (now?.rules ?? [])), ...(options.rule ?? [])],
    policyGroups: merge(now?.policyGroups, options.policyGroup, options.removePolicyGroup),
    nodes: merge(now?.nodes, options.node, options.removeNode),
    groups: merge(now?.groups, options.group, options.removeGroup),
    policies: merge(now?.policies, options.policy, options.removePolicy),
  };
  const group = await setNodeGroup(client, name, { ...content, revision: now?.revision ?? 0 });
  if (options.json) return printJson(cli, group);
  note(
    cli,
    `node group ${name} has ${many(group.members, 'node')} and ${group.policies.length} ${group.policies.length === 1 ? 'policy' : 'policies'}`,
  );
}

function merge(
  now: readonly string[] = [],
  added: readonly string[] = [],
  taken: readonly string[] = [],
): string[] {
  return [...new Set([...now, ...added])].filter((one) => !taken.includes(one));
}
