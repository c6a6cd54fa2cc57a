import type { JSX } from 'react';
import type { NodeView } from '../../../src/model/api.ts';
import { consolePages } from '../../../src/model/console-pages.ts';
import { nodes } from '../api/answers.ts';
import { usePolled } from '../api/polled.ts';
import { door } from '../browser/door.ts';
import { go, place } from '../browser/place.ts';
import { useStore } from '../browser/store.ts';
import { noFilter, searchOfFilter } from '../messages/view-filter.ts';
import { Blank } from '../parts/blank.tsx';
import { Icon } from '../parts/icon.tsx';
import { Link } from '../parts/link.tsx';
import { TableFrame } from '../parts/table-frame.tsx';
import { spanText, useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';

const t = texts.nodes;
/** More rows than this are narrowed by searching, not by scrolling. */
const rowsMax = 1_000;

const sorts = {
  name: (node: NodeView) => node.name,
  status: (node: NodeView) => (node.connectedTo === null ? '0' : '1'),
  server: (node: NodeView) => node.connectedTo ?? '',
  via: (node: NodeView) => node.via ?? '',
  heard: (node: NodeView) => node.lastHeardMs ?? 0,
  message: (node: NodeView) => node.lastMessageMs ?? 0,
  version: (node: NodeView) => node.version ?? '',
  address: (node: NodeView) => node.address ?? '',
} as const satisfies Record<keyof typeof t.columns, (node: NodeView) => string | number>;
type Sort = keyof typeof sorts;
const sortNames = Object.keys(sorts) as Sort[];

export function NodesPage(): JSX.Element {
  const { value, error } = usePolled(nodes);
  const { search } = useStore(place);
  const parameters = new URLSearchParams(search);
  const text = parameters.get('name') ?? '';
  const [sort = 'name', direction] = (parameters.get('sort') ?? 'status').split('.');
  const chosen = sortNames.find((one) => one === sort) ?? 'name';
  const isDown = direction === 'down';
  const show = (next: Record<string, string>): void => {
    const all = Object.entries({ ...Object.fromEntries(parameters), ...next });
    const after = new URLSearchParams(all.filter(([, each]) => each !== ''));
    go(`${consolePages.nodes}${after.size === 0 ? '' : `?${after}`}`, { replace: true });
  };
  if (value === null)
    return error === null ? (
      <Blank icon="search" title={texts.loading} />
    ) : (
      <Blank icon="alert" title={t.failed(error)} isFault />
    );
  const found = value.nodes.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t.title}</h1>
        <p className="faint" role="status">
          {t.count(found.length, value.nodes.length)}
        </p>
        <span className="search page-head-end">
          <Icon name="search" />
          <input
            id="search"
            className="field"
            placeholder={t.search}
            aria-label={t.search}
            autoComplete="off"
            value={text}
            onChange={({ target }) => show({ name: target.value })}
          />
        </span>
      </header>
      {found.length === 0 ? (
        <Blank
          icon="search"
          title={value.nodes.length === 0 ? t.empty : t.none}
          {...(value.nodes.length === 0 && { hint: t.emptyHint })}
        />
      ) : (
        <NodeTable
          rows={sorted(found, chosen, isDown).slice(0, rowsMax)}
          sort={chosen}
          isDown={isDown}
          sortBy={(one) => show({ sort: one === chosen && !isDown ? `${one}.down` : one })}
        />
      )}
    </div>
  );
}

function sorted(rows: readonly NodeView[], sort: Sort, isDown: boolean): NodeView[] {
  const value = sorts[sort];
  const compare = (a: NodeView, b: NodeView): number => {
    const [left, right] = [value(a), value(b)];
    if (left !== right) return left < right ? -1 : 1;
    return a.name < b.name ? -1 : 1;
  };
  return rows.toSorted((a, b) => (isDown ? compare(b, a) : compare(a, b)));
}

interface TableProps {
  readonly rows: readonly NodeView[];
  readonly sort: Sort;
  readonly isDown: boolean;
  readonly sortBy: (sort: Sort) => void;
}

function NodeTable({ rows, sort, isDown, sortBy }: TableProps): JSX.Element {
  return (
    <TableFrame label={t.title}>
      <table className="table">
        <thead>
          <tr>
            {sortNames.map((one) => (
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
          {rows.map((node) => (
            <NodeRow key={node.coreId} node={node} />
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

function NodeRow({ node }: { readonly node: NodeView }): JSX.Element {
  const { name, connectedTo, sinceMs, lastHeardMs, lastMessageMs, version, address, via } = node;
  const times = useTimes();
  const isConnected = connectedTo !== null;
  return (
    <tr>
      <th scope="row">
        <Link
          to={`${consolePages.messages}${searchOfFilter({ ...noFilter, state: 'all', node: name })}`}
          title={t.messagesOf(name)}
        >
          {name}
        </Link>
      </th>
      <td>
        <span className={`state ${isConnected ? 'is-well' : 'is-offline'}`}>
          <span className="dot" aria-hidden="true" />
          {isConnected ? t.connected : t.notConnected}
        </span>
        {sinceMs !== null && <small>{texts.pool.since(times.short(sinceMs, door.nowMs()))}</small>}
      </td>
      <td>{connectedTo ?? texts.none}</td>
      <td>{isConnected ? (via ?? t.direct) : texts.none}</td>
      <Ago wallMs={lastHeardMs} />
      <Ago wallMs={lastMessageMs} />
      <td>{version ?? texts.none}</td>
      <td>{address ?? texts.none}</td>
    </tr>
  );
}

function Ago({ wallMs }: { readonly wallMs: number | null }): JSX.Element {
  const times = useTimes();
  if (wallMs === null) return <td>{texts.none}</td>;
  const agoMs = door.nowMs() - wallMs;
  return (
    <td className="is-time" title={times.full(wallMs)}>
      {agoMs < 2_000 ? t.now : t.ago(spanText(agoMs))}
    </td>
  );
}
