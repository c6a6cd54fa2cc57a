import { Option, type Command } from '@commander-js/extra-typings';
import { deployAnswerSchema, deploymentSchema } from '../../model/policy-api.ts';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { collectName } from '../options/name-option.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { note, printJson } from '../terminal/print.ts';
import { manyAre } from '../terminal/many.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addOption(new Option('--node <NODE>', 'this node; may be given several times').argParser(collectName))
    .addOption(new Option('--group <GROUP>', 'all nodes of that group').argParser(collectName))
    .option('--all', 'every node; what was held back (`config apply --no-deploy`) goes out')
    .addHelpText(
      'before',
      `Examples:
  watchkeeper config apply ./pool --no-deploy
  watchkeeper policy deploy --node web01
  watchkeeper policy status
  watchkeeper policy deploy --all

Agents get changes by themselves. This is for changes that were held back, which go out node by node or to all, and for nodes that
refused theirs and may take them now. A node that is away gets its policies when it returns.
`,
    )
    .action(async ({ node = [], group = [], all, ...options }) => {
      if ((all ?? false) === node.length + group.length > 0)
        throw new WatchError('WK_BAD_REQUEST', 'say which nodes: --node, --group, or --all');
      const client = await openClient(cli, options);
      const nodes = all ? null : [...new Set([...node, ...(await nodesOf(client, group))])];
      const question = { method: 'POST', path: '/api/v1/deployment', body: { nodes } } as const;
      const answer = await client.ask(question, deployAnswerSchema);
      if (options.json) return printJson(cli, answer);
      note(
        cli,
        `${manyAre(answer.nodes, 'node')} sent what ${answer.nodes === 1 ? 'it' : 'they'} should run; see \`policy status --drift\``,
      );
    });
}

async function nodesOf(client: PoolClient, groups: readonly string[]): Promise<string[]> {
  if (groups.length === 0) return [];
  const { nodes } = await client.ask({ path: '/api/v1/deployment' }, deploymentSchema);
  const found = nodes.filter((node) => node.groups.some((group) => groups.includes(group)));
  if (found.length === 0) throw new WatchError('WK_NOT_FOUND', `no node belongs to ${groups.join(', ')}`);
  return found.map(({ name }) => name);
}
