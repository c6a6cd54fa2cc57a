import { useEffect, useState, type JSX } from 'react';
import { auditOutcomes, auditPageSchema, type AuditView } from '../../../src/model/audit.ts';
import { consolePages } from '../../../src/model/console-pages.ts';
import { textOf } from '../../../src/model/errors.ts';
import { ask } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { go, place } from '../browser/place.ts';
import { useStore } from '../browser/store.ts';
import { sinceSpans, type Since } from '../messages/view-filter.ts';
import { Blank } from '../parts/blank.tsx';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { Segments } from '../parts/segments.tsx';
import { TypedField } from '../parts/typed-field.tsx';
import { mayAsk, useMe } from '../session/allowed.ts';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { readable } from './readable.ts';
import { VerifyDialog } from './verify-dialog.tsx';

const t = texts.audit;
const pageRows = 100;

/** What of the trail is shown, as the address says it. */
interface AuditFilter {
  readonly by: string;
  readonly action: string;
  readonly outcome: string;
  readonly since: string;
}
const names = ['by', 'action', 'outcome', 'since'] as const satisfies readonly (keyof AuditFilter)[];

export function AuditPage(): JSX.Element {
  const { search } = useStore(place);
  const may = mayAsk(useMe(), 'GET /api/v1/audit');
  const [isVerifying, setVerifying] = useState(false);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t.title}</h1>
        {may === true && (
          <button type="button" className="button page-head-end" onClick={() => setVerifying(true)}>
            {t.verify}
          </button>
        )}
      </header>
      {may === true ? (
        <Trail search={search} />
      ) : (
        <Blank icon="person" title={texts.access.noRight(may)} hint={texts.access.noRightHint} />
      )}
      {isVerifying && <VerifyDialog onClose={() => setVerifying(false)} />}
    </div>
  );
}

function filterOf(search: string): AuditFilter {
  const given = new URLSearchParams(search);
  const text = (name: string): string => given.get(name) ?? '';
  return { by: text('by'), action: text('action'), outcome: text('outcome'), since: text('since') };
}

function Trail({ search }: { readonly search: string }): JSX.Element {
  const filter = filterOf(search);
  const { records, next, error, more } = useTrail(search);
  const show = (part: Partial<AuditFilter>): void => {
    const all = { ...filter, ...part };
    const after = new URLSearchParams(names.flatMap((name) => (all[name] === '' ? [] : [[name, all[name]]])));
    go(`${consolePages.audit}${after.size === 0 ? '' : `?${after}`}`, { replace: true });
  };
  return (
    <section className="panel">
      <Filters filter={filter} show={show} />
      {error !== null && <Blank icon="alert" title={t.failed(error)} isFault />}
      {records === null && error === null && <Blank icon="search" title={texts.loading} />}
      {records?.length === 0 && <Blank icon="search" title={t.empty} hint={t.emptyHint} />}
      {records !== null && records.length > 0 && <Records records={records} />}
      {records !== null && records.length > 0 && (
        <div className="panel-end">
          {next === null ? (
            <p className="faint">{t.end}</p>
          ) : (
            <button type="button" className="button" onClick={more}>
              {t.older}
            </button>
          )}
        </div>
      )}
    </section>
  );
}

interface TrailState {
  readonly records: readonly AuditView[] | null;
  readonly next: string | null;
  readonly error: string | null;
}

/** The records that pass, a page at a time; another filter begins anew. */
function useTrail(search: string): TrailState & { readonly more: () => void } {
  const [state, setState] = useState<TrailState>({ records: null, next: null, error: null });
  const read = async (cursor: string | null, signal: AbortSignal): Promise<void> => {
    try {
      const path = `/api/v1/audit?${queryOf(filterOf(search), cursor)}`;
      const page = await ask(path, auditPageSchema, { signal });
      setState(({ records }) => ({
        records: cursor === null ? page.records : [...(records ?? []), ...page.records],
        next: page.next,
        error: null,
      }));
    } catch (error) {
      if (!signal.aborted) setState((before) => ({ ...before, error: textOf(error) }));
    }
  };
  useEffect(() => {
    const ending = new AbortController();
    void read(null, ending.signal);
    return () => ending.abort();
    // Only another filter begins anew.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [search]);
  const more = (): void => void read(state.next, new AbortController().signal);
  return { ...state, more };
}

function queryOf({ by, action, outcome, since }: AuditFilter, cursor: string | null): URLSearchParams {
  const query = new URLSearchParams({ limit: String(pageRows) });
  if (by !== '') query.set('by', by);
  if (action !== '') query.set('action', action);
  if (auditOutcomes.some((one) => one === outcome)) query.set('outcome', outcome);
  if (isSince(since)) query.set('sinceMs', String(door.nowMs() - sinceSpans[since]));
  if (cursor !== null) query.set('cursor', cursor);
  return query;
}

function isSince(name: string): name is Since {
  return Object.hasOwn(sinceSpans, name);
}

function Filters({
  filter,
  show,
}: {
  readonly filter: AuditFilter;
  readonly show: (part: Partial<AuditFilter>) => void;
}): JSX.Element {
  return (
    <div className="filter-fields">
      <Segments
        label={t.outcome}
        name="outcome"
        value={filter.outcome}
        options={[
          ['', t.outcomes.any],
          ['allowed', t.outcomes.allowed],
          ['denied', t.outcomes.denied],
        ]}
        choose={(outcome) => show({ outcome })}
      />
      <TypedField id="by" label={t.by} value={filter.by} change={(by) => show({ by })} />
      <TypedField
        id="action"
        label={`${t.action}: ${t.actionHint}`}
        value={filter.action}
        change={(action) => show({ action })}
        isSearch
      />
      <select
        className="field"
        aria-label={texts.messages.since}
        value={filter.since}
        onChange={({ target }) => show({ since: target.value })}
      >
        <option value="">{texts.messages.sinceAny}</option>
        {Object.entries(texts.messages.sinceNames).map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

function Records({ records }: { readonly records: readonly AuditView[] }): JSX.Element {
  const times = useTimes();
  const columns: readonly Column<AuditView>[] = [
    { title: t.when, kind: 'short', cell: ({ atMs }) => times.full(atMs).slice(0, 23) },
    {
      title: t.by,
      kind: 'head',
      cell: ({ by, kind, from }) => (
        <>
          {by === '' ? t.nobody : by}
          <small>
            {kind} · {from}
          </small>
        </>
      ),
    },
    {
      title: t.action,
      cell: ({ action, outcome }) => (
        <>
          <code>{action}</code>
          {outcome === 'denied' && <span className="tag is-fault">{t.outcomes.denied}</span>}
        </>
      ),
    },
    { title: t.target, cell: ({ target }) => target },
    {
      title: t.detail,
      cell: ({ detail }) => detail && <span className="breaks faint">{readable(detail)}</span>,
    },
    { title: t.server, kind: 'short', cell: ({ server }) => server },
  ];
  return (
    <DataTable
      label={t.title}
      rows={records}
      columns={columns}
      keyOf={({ origin, number }) => `${origin} ${number}`}
    />
  );
}
