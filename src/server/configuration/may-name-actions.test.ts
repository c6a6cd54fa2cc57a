import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rights, type Permission } from '../../model/rights.ts';
import { mayChangePrograms } from './may-name-actions.ts';

const by = (...permissions: Permission[]) => ({ name: 'bob', coreId: null, rights: new Rights(permissions) });
const tools = () => [{ command: ['depot:clean.sh', '--', '${path}'] }];
const change = (kind: 'tool' | 'depot-file' | 'policy', name: string, content: object | null = {}) =>
  [{ kind, name, content: content && { ...content } }] as const;

test('what a tool runs is said by who may act everywhere, in the tool and in the files that it brings along', () => {
  const configures = by({ right: 'configure' }, { right: 'act', nodes: ['web*'] });
  const refused = (changes: Parameters<typeof mayChangePrograms>[1]) =>
    assert.throws(
      () => mayChangePrograms(configures, changes, tools),
      /bob has no right to act on every node/,
    );
  refused(change('tool', 'clean-up'));
  refused(change('depot-file', 'clean.sh'));
  // Files of policies alone, policies, and taking something away give nobody anything to run as somebody else.
  mayChangePrograms(configures, change('depot-file', 'check_disk'), tools);
  mayChangePrograms(configures, change('policy', 'disk'), tools);
  mayChangePrograms(configures, change('tool', 'clean-up', null), tools);
  const acts = by({ right: 'configure' }, { right: 'act' });
  mayChangePrograms(acts, [...change('tool', 'clean-up'), ...change('depot-file', 'clean.sh')], tools);
});
