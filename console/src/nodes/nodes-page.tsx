import { useState, type JSX } from 'react';
import { consolePages } from '../../../src/model/console-pages.ts';
import { RecentActions } from '../actions/recent-actions.tsx';
import { RunDialog } from '../actions/run-dialog.tsx';
import { deployment, nodes } from '../api/answers.ts';
import { usePolled } from '../api/polled.ts';
import { go, place } from '../browser/place.ts';
import { useStore } from '../browser/store.ts';
import { ActionButton } from '../parts/action-button.tsx';
import { Blank } from '../parts/blank.tsx';
import { Icon } from '../parts/icon.tsx';
import { Segments } from '../parts/segments.tsx';
import { mayAsk, useMe } from '../session/allowed.ts';
import { texts } from '../texts.ts';
import { isDrifted, nodeFacts, type NodeFacts } from './node-facts.ts';
import { NodeGroups } from './node-groups.tsx';
import { NodeTable, nodeSorts, sorted } from './node-table.tsx';

const t = texts.nodes;
const shows = {
  all: () => true,
  away: ({ node }: NodeFacts) => node.connectedTo === null,
  drifted: isDrifted,
} as const satisfies Record<string, (facts: NodeFacts) => boolean>;
const showNames = ['all', 'away', 'drifted'] as const;
const looks = ['table', 'groups'] as const;

export function NodesPage(): JSX.Element {
  const { value, error } = usePolled(nodes);
  const { value: deployed, error: deploymentError } = usePolled(deployment);
  const { search } = useStore(place);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const view = viewOf(search);
  if (value === null)
    return error === null ? (
      <Blank icon="search" title={texts.loading} />
    ) : (
      <Blank icon="alert" title={t.failed(error)} isFault />
    );
  const all = nodeFacts(value.nodes, deployed?.nodes ?? []);
  const found = all
    .filter(({ node }) => node.name.toLowerCase().includes(view.name.toLowerCase()))
    .filter(shows[view.show]);
  const table = {
    sort: view.sort,
    isDown: view.isDown,
    sortBy: (one: typeof view.sort) =>
      change(search, { sort: one === view.sort && !view.isDown ? `${one}.down` : one }),
    selected,
    select: (names: readonly string[], isSelected: boolean) =>
      setSelected((before) => {
        const after = new Set(before);
        for (const name of names)
          if (isSelected) after.add(name);
          else after.delete(name);
        return after;
      }),
  };
  return (
    <div className="page">
      <Head view={view} search={search} shown={found.length} of={all.length} />
      {deploymentError !== null && deployed === null && (
        <p className="notice is-risk" role="alert">
          {t.deploymentFailed(deploymentError)}
        </p>
      )}
      {found.length === 0 && (
        <Blank
          icon="search"
          title={all.length === 0 ? t.empty : view.show === 'all' ? t.none : t.noneSo[view.show]}
          {...(all.length === 0 && { hint: t.emptyHint })}
        />
      )}
      {found.length > 0 && view.look === 'groups' && <NodeGroups {...table} rows={found} />}
      {found.length > 0 && view.look === 'table' && (
        <NodeTable {...table} label={t.title} rows={sorted(found, view.sort, view.isDown)} />
      )}
      <RecentActions />
      <SelectedBar selected={selected} clear={() => setSelected(new Set())} />
    </div>
  );
}

/** What can be done to the selected nodes. */
function SelectedBar({
  selected,
  clear,
}: {
  readonly selected: ReadonlySet<string>;
  readonly clear: () => void;
}): JSX.Element | null {
  const [isRunning, setRunning] = useState(false);
  const may = mayAsk(useMe(), 'POST /api/v1/actions');
  if (selected.size === 0) return null;
  return (
    <>
      <section className="bulk is-floating" aria-label={texts.run.label}>
        <span className="bulk-count" role="status">
          {texts.run.selected(selected.size)}
        </span>
        <ActionButton
          label={texts.run.open}
          icon="run"
          refused={may === true ? null : texts.bulk.nothing(may)}
          onPress={() => setRunning(true)}
        />
        <button type="button" className="button quiet" onClick={clear}>
          {texts.run.clear}
        </button>
      </section>
      {isRunning && <RunDialog nodes={[...selected].sort()} onClose={() => setRunning(false)} />}
    </>
  );
}

function Head({
  view,
  search,
  shown,
  of,
}: {
  readonly view: NodesView;
  readonly search: string;
  readonly shown: number;
  readonly of: number;
}): JSX.Element {
  return (
    <header className="page-head">
      <h1>{t.title}</h1>
      <p className="faint" role="status">
        {t.count(shown, of)}
      </p>
      <Segments
        label={t.show}
        name="show"
        value={view.show}
        options={showNames.map((one) => [one, t.shows[one]] as const)}
        choose={(show) => change(search, { show: show === 'all' ? '' : show })}
      />
      <Segments
        label={t.look}
        name="look"
        value={view.look}
        options={looks.map((one) => [one, t.looks[one]] as const)}
        choose={(look) => change(search, { look: look === 'table' ? '' : look })}
      />
      <span className="search page-head-end">
        <Icon name="search" />
        <input
          id="search"
          className="field"
          placeholder={t.search}
          aria-label={t.search}
          autoComplete="off"
          value={view.name}
          onChange={({ target }) => change(search, { name: target.value })}
        />
      </span>
    </header>
  );
}

type NodesView = ReturnType<typeof viewOf>;

/** What the page shows, as its address says it. */
function viewOf(search: string) {
  const parameters = new URLSearchParams(search);
  const [sort = 'status', direction] = (parameters.get('sort') ?? 'status').split('.');
  return {
    name: parameters.get('name') ?? '',
    show: showNames.find((one) => one === parameters.get('show')) ?? 'all',
    look: looks.find((one) => one === parameters.get('look')) ?? 'table',
    sort: nodeSorts.find((one) => one === sort) ?? 'status',
    isDown: direction === 'down',
  };
}

function change(search: string, next: Record<string, string>): void {
  const all = Object.entries({ ...Object.fromEntries(new URLSearchParams(search)), ...next });
  const after = new URLSearchParams(all.filter(([, each]) => each !== ''));
  go(`${consolePages.nodes}${after.size === 0 ? '' : `?${after}`}`, { replace: true });
}
