import { useState, type JSX } from 'react';
import type { NodeView } from '../../../src/model/api.ts';
import { consolePages } from '../../../src/model/console-pages.ts';
import { door } from '../browser/door.ts';
import { noFilter, searchOfFilter } from '../messages/view-filter.ts';
import { Icon } from '../parts/icon.tsx';
import { Link } from '../parts/link.tsx';
import { TableFrame } from '../parts/table-frame.tsx';
import { spanText, useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import type { NodeFacts } from './node-facts.ts';

const t = texts.nodes;
/** So many at once: ten thousand rows would be drawn anew with every answer. */
const rowsAtOnce = 200;

const stateRank = { refused: '0', pending: '1', unknown: '2', current: '3' } as const;

const sorts = {
  name: ({ node }: NodeFacts) => node.name,
  status: ({ node }: NodeFacts) => (node.connectedTo === null ? '0' : '1'),
  server: ({ node }: NodeFacts) => node.connectedTo ?? '',
  policies: ({ policies }: NodeFacts) => stateRank[policies?.state ?? 'unknown'],
  groups: ({ policies }: NodeFacts) => policies?.groups.join() ?? '',
  message: ({ node }: NodeFacts) => node.lastMessageMs ?? 0,
  version: ({ node }: NodeFacts) => node.version ?? '',
} as const satisfies Record<keyof typeof t.columns, (facts: NodeFacts) => string | number>;
export type NodeSort = keyof typeof sorts;
export const nodeSorts = Object.keys(sorts) as NodeSort[];

export function sorted(rows: readonly NodeFacts[], sort: NodeSort, isDown: boolean): NodeFacts[] {
  const value = sorts[sort];
  const compare = (a: NodeFacts, b: NodeFacts): number => {
    const [left, right] = [value(a), value(b)];
    if (left !== right) return left < right ? -1 : 1;
    return a.node.name < b.node.name ? -1 : 1;
  };
  return rows.toSorted((a, b) => (isDown ? compare(b, a) : compare(a, b)));
}

export interface NodeTableProps {
  readonly label: string;
  readonly rows: readonly NodeFacts[];
  readonly sort: NodeSort;
  readonly isDown: boolean;
  readonly sortBy: (sort: NodeSort) => void;
  readonly selected: ReadonlySet<string>;
  readonly select: (names: readonly string[], isSelected: boolean) => void;
}

export function NodeTable(props: NodeTableProps): JSX.Element {
  const { label, rows, sort, isDown, sortBy, selected, select } = props;
  const [rowsMax, setRowsMax] = useState(rowsAtOnce);
  const shown = rows.slice(0, rowsMax);
  const names = rows.map(({ node }) => node.name);
  const isAll = names.length > 0 && names.every((name) => selected.has(name));
  return (
    <>
      <TableFrame label={label}>
        <table className="table stacks">
          <thead>
            <tr>
              <th scope="col" className="is-tick">
                <input
                  type="checkbox"
                  className="tick"
                  aria-label={t.selectAll(names.length)}
                  checked={isAll}
                  onChange={() => select(names, !isAll)}
                />
              </th>
              {nodeSorts.map((one) => (
                <th
                  key={one}
                  scope="col"
                  aria-sort={one === sort ? (isDown ? 'descending' : 'ascending') : undefined}
                >
                  <button type="button" className="button quiet small as-text" onClick={() => sortBy(one)}>
                    {t.columns[one]}
                    {one === sort && <Icon name={isDown ? 'down' : 'up'} />}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((facts) => (
              <NodeRow
                key={facts.node.coreId}
                facts={facts}
                isSelected={selected.has(facts.node.name)}
                select={select}
              />
            ))}
          </tbody>
        </table>
      </TableFrame>
      {rows.length > rowsMax && (
        <div className="panel-end">
          <p className="faint">{t.cut(rowsMax, rows.length)}</p>
          <button type="button" className="button" onClick={() => setRowsMax(rowsMax + rowsAtOnce)}>
            {t.showMore(Math.min(rowsAtOnce, rows.length - rowsMax))}
          </button>
        </div>
      )}
    </>
  );
}

function NodeRow({
  facts,
  isSelected,
  select,
}: {
  readonly facts: NodeFacts;
  readonly isSelected: boolean;
  readonly select: NodeTableProps['select'];
}): JSX.Element {
  const { node, policies } = facts;
  const { name, version, address } = node;
  return (
    <tr aria-selected={isSelected}>
      <td className="is-tick">
        <input
          type="checkbox"
          className="tick"
          aria-label={t.select(name)}
          checked={isSelected}
          onChange={() => select([name], !isSelected)}
        />
      </td>
      <th scope="row">
        <Link
          to={`${consolePages.messages}${searchOfFilter({ ...noFilter, state: 'all', node: name })}`}
          title={t.messagesOf(name)}
        >
          {name}
        </Link>
        {address !== null && <small>{address}</small>}
      </th>
      <Status node={node} />
      <td data-label={t.columns.server}>
        {node.connectedTo ?? texts.none}
        {node.connectedTo !== null && <small>{node.via === null ? t.direct : t.through(node.via)}</small>}
        {policies?.primary && <small>{t.primary(policies.primary)}</small>}
      </td>
      <PoliciesCell policies={policies} />
      <td data-label={t.columns.groups}>{policies?.groups.join(', ') || texts.none}</td>
      <Ago label={t.columns.message} wallMs={node.lastMessageMs} />
      <td data-label={t.columns.version}>{version ?? texts.none}</td>
    </tr>
  );
}

function Status({ node }: { readonly node: NodeView }): JSX.Element {
  const { connectedTo, sinceMs, lastHeardMs } = node;
  const times = useTimes();
  const nowMs = door.nowMs();
  return (
    <td data-label={t.columns.status}>
      <span className={`state ${connectedTo === null ? 'is-offline' : 'is-well'}`}>
        <span className="dot" aria-hidden="true" />
        {connectedTo === null ? t.notConnected : t.connected}
      </span>
      {connectedTo === null
        ? lastHeardMs !== null && <small>{t.heard(spanText(Math.max(0, nowMs - lastHeardMs)))}</small>
        : sinceMs !== null && <small>{texts.pool.since(times.short(sinceMs, nowMs))}</small>}
    </td>
  );
}

/** What it should run, and whether it does: a node that does not is told by word and look. */
function PoliciesCell({ policies }: Pick<NodeFacts, 'policies'>): JSX.Element {
  if (policies === null || policies.policies.length === 0)
    return <td data-label={t.columns.policies}>{texts.none}</td>;
  const { state, running } = policies;
  const look = { current: 'is-well', pending: 'is-risk', refused: 'is-fault', unknown: 'is-offline' }[state];
  return (
    <td data-label={t.columns.policies}>
      <span className={`state ${look}`} title={policies.policies.join(', ')}>
        <span className="dot" aria-hidden="true" />
        {t.deployed[state](policies.policies.length)}
      </span>
      <small>{running?.refused?.text ?? policies.policies.slice(0, 4).join(', ')}</small>
    </td>
  );
}

function Ago({ label, wallMs }: { readonly label: string; readonly wallMs: number | null }): JSX.Element {
  const times = useTimes();
  if (wallMs === null) return <td data-label={label}>{texts.none}</td>;
  const agoMs = door.nowMs() - wallMs;
  return (
    <td className="is-short" data-label={label} title={times.full(wallMs)}>
      {agoMs < 2_000 ? t.now : t.ago(spanText(agoMs))}
    </td>
  );
}
