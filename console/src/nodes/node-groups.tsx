import type { JSX } from 'react';
import { texts } from '../texts.ts';
import { groupsOf, type NodeFacts } from './node-facts.ts';
import { NodeTable, sorted, type NodeTableProps } from './node-table.tsx';

const t = texts.nodes;

/** The same nodes as a tree: each group says what is wrong in it before it is opened. */
export function NodeGroups({
  rows,
  ...table
}: Omit<NodeTableProps, 'label'> & { readonly rows: readonly NodeFacts[] }): JSX.Element {
  return (
    <div className="node-groups">
      {groupsOf(rows).map(({ name, nodes, away, drifted }) => (
        <details key={name ?? ''} className="node-group">
          <summary>
            <strong>{name ?? t.noGroup}</strong>
            <span className="faint">{t.count(nodes.length, nodes.length)}</span>
            {away > 0 && <span className="state is-offline">{t.away(away)}</span>}
            {drifted > 0 && <span className="state is-risk">{t.drifted(drifted)}</span>}
          </summary>
          <NodeTable
            {...table}
            label={t.groupOf(name ?? t.noGroup)}
            rows={sorted(nodes, table.sort, table.isDown)}
          />
        </details>
      ))}
    </div>
  );
}
