import type { Command } from '@commander-js/extra-typings';
import { findIdentity } from '../../security/identity-list.ts';
import { removeNode } from '../../security/remove-node.ts';
import type { Cli } from '../cli.ts';
import { defineLocalChange } from '../machine/local-change.ts';

export function define(command: Command, cli: Cli): void {
  defineLocalChange(command, cli, {
    help: `Examples:
  watchkeeper node remove web01 --config m1.yaml

Its agent is let go and refused from then on; its messages stay. The name may be used again, by a node that joins anew.
`,
    named: 'a node, or its core ID',
    async change({ runtime, coordination, by }, name) {
      const node = await findIdentity(coordination, name, 'agent');
      await removeNode({ ...runtime, coordination }, node, by);
      return node;
    },
    document: ({ coreId, name }) => ({ removed: { coreId, name } }),
    told: ({ name }) => `node ${name} is removed, and its certificates count nowhere any more`,
  });
}
