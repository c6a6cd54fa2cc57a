import { useEffect, useMemo, useState, type JSX } from 'react';
import { messagePageSchema, type PoolStatus } from '../../../src/model/api.ts';
import { consolePages } from '../../../src/model/console-pages.ts';
import { roleHistorySchema, type RoleChangeView } from '../../../src/model/role-api.ts';
import { severities } from '../../../src/model/severity.ts';
import { poolStatus } from '../api/answers.ts';
import { ask } from '../api/api.ts';
import { usePolled } from '../api/polled.ts';
import { door } from '../browser/door.ts';
import { noFilter, queryOf, searchOfFilter, type ViewFilter } from '../messages/view-filter.ts';
import { Blank } from '../parts/blank.tsx';
import { Link } from '../parts/link.tsx';
import { SeverityChip } from '../parts/severity-chip.tsx';
import { historyPath } from '../pool/role-history.tsx';
import { spanText, useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { Arrivals } from './arrivals.tsx';
import { totalOf, worstOf, type Worst } from './overview-facts.ts';
import { useRepeated } from './use-repeated.ts';

const t = texts.overview;
const hourMs = 3_600_000;
const pageRows = 1_000;
const worstShown = 8;

/** What is wrong now, where, and what changed within the hour. */
export function OverviewPage(): JSX.Element {
  const { value: status, error } = usePolled(poolStatus);
  if (status === null)
    return error === null ? (
      <Blank icon="search" title={texts.loading} />
    ) : (
      <Blank icon="alert" title={texts.pool.failed(error)} isFault />
    );
  return (
    <div className="page overview">
      <h1>{t.title}</h1>
      <OpenCounts status={status} />
      <Arrivals />
      <WorstLists />
      <RoleChanges status={status} />
    </div>
  );
}

function messagesAt(part: Partial<ViewFilter>): string {
  return consolePages.messages + searchOfFilter({ ...noFilter, ...part });
}

function OpenCounts({ status: { messages } }: { readonly status: PoolStatus }): JSX.Element {
  return (
    <section>
      <h2>{t.open}</h2>
      <div className="counts">
        {severities.toReversed().map((severity) => (
          <Link
            key={severity}
            to={messagesAt({ severities: [severity] })}
            className={`count ${messages.open[severity] === 0 ? 'is-zero' : ''}`}
            aria-label={`${t.openOf(severity)}: ${messages.open[severity]}`}
          >
            <span className="count-number">{messages.open[severity].toLocaleString('en')}</span>
            <SeverityChip severity={severity} />
          </Link>
        ))}
        <Link to={messagesAt({ state: 'acknowledged' })} className="count is-plain">
          <span className="count-number">{totalOf(messages.acknowledged).toLocaleString('en')}</span>
          {t.acknowledged}
        </Link>
        <Link to={messagesAt({ state: 'all' })} className="count is-plain">
          <span className="count-number">{messages.total.toLocaleString('en')}</span>
          {t.stored}
        </Link>
      </div>
    </section>
  );
}

function WorstLists(): JSX.Element {
  const open = useRepeated(() =>
    ask(`/api/v1/messages?${queryOf({ state: 'open' }, { limit: pageRows })}`, messagePageSchema),
  );
  const messages = open?.messages ?? [];
  const nodes = useMemo(() => worstOf(messages, ({ nodeName }) => nodeName, worstShown), [messages]);
  const groups = useMemo(() => worstOf(messages, ({ group }) => group ?? '', worstShown), [messages]);
  return (
    <div className="columns">
      <WorstList title={t.worst} rows={nodes} to={(node) => messagesAt({ node })} />
      <WorstList title={t.group} rows={groups} to={(group) => messagesAt({ group })} />
    </div>
  );
}

function WorstList({
  title,
  rows,
  to,
}: {
  readonly title: string;
  readonly rows: readonly Worst[];
  readonly to: (name: string) => string;
}): JSX.Element {
  const most = Math.max(1, ...rows.map(({ count }) => count));
  return (
    <section>
      <h2>
        {title} <span className="faint">{t.worstNote(pageRows)}</span>
      </h2>
      {rows.length === 0 && <p className="faint">{t.worstEmpty}</p>}
      <ul className="worst">
        {rows.map(({ name, count, worst }) => (
          <li key={name}>
            <SeverityChip severity={worst} />
            <Link to={to(name)}>{name === '' ? t.noGroup : name}</Link>
            <meter min={0} max={most} value={count} aria-label={t.open} />
            <span className="worst-number">{count.toLocaleString('en')}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function RoleChanges({ status }: { readonly status: PoolStatus }): JSX.Element {
  const times = useTimes();
  const changes = useChanges(status);
  return (
    <section>
      <h2>{t.changes}</h2>
      {changes.length === 0 && <p className="faint">{t.changesEmpty}</p>}
      <ul className="changes">
        {changes.map(({ role, epoch, atMs, fromName, from, holderName, holder, because, unheldMs }) => (
          <li key={`${role} ${epoch}`}>
            <time>{atMs === null ? texts.none : times.clock(atMs)}</time>
            <strong>{t.changed(role, fromName ?? from ?? texts.pool.nobody, holderName ?? holder)}</strong>
            <span className="faint">
              {because}
              {unheldMs !== null && ` · ${texts.pool.unheldFor}: ${spanText(unheldMs)}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Of all roles within the last hour, the newest first. Read anew when an epoch has grown. */
function useChanges(status: PoolStatus): readonly RoleChangeView[] {
  const [changes, setChanges] = useState<readonly RoleChangeView[]>([]);
  const epochs = status.roles.map(({ role, epoch }) => `${role} ${epoch}`).join();
  useEffect(() => {
    const ending = new AbortController();
    const names = epochs.split(',').map((each) => each.split(' ')[0] ?? '');
    const read = async (): Promise<void> => {
      const answers = await Promise.all(
        names.map((role) => ask(historyPath(role, 20), roleHistorySchema, { signal: ending.signal })),
      );
      const sinceMs = door.nowMs() - hourMs;
      const recent = answers.flatMap((answer) => answer.changes).filter(({ atMs }) => (atMs ?? 0) >= sinceMs);
      setChanges(recent.sort((a, b) => (b.atMs ?? 0) - (a.atMs ?? 0)));
    };
    // What was read before stays; the next change of a role asks again.
    read().catch(() => undefined);
    return () => ending.abort();
  }, [epochs]);
  return changes;
}
