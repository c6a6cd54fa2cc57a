import { useState, type JSX } from 'react';
import type { PoolStatus } from '../../../src/model/api.ts';
import { consolePages } from '../../../src/model/console-pages.ts';
import { overviewSchema, type OverviewSpan, type WorstPlace } from '../../../src/model/overview.ts';
import { severities } from '../../../src/model/severity.ts';
import { poolStatus } from '../api/answers.ts';
import { ask } from '../api/api.ts';
import { usePolled } from '../api/polled.ts';
import { noFilter, searchOfFilter, type ViewFilter } from '../messages/view-filter.ts';
import { Blank } from '../parts/blank.tsx';
import { Link } from '../parts/link.tsx';
import { SeverityChip } from '../parts/severity-chip.tsx';
import { texts } from '../texts.ts';
import { OpenOverTime } from './open-over-time.tsx';
import { totalOf, worstSeverity } from './overview-facts.ts';
import { RecentChanges } from './recent-changes.tsx';
import { useRepeated } from './use-repeated.ts';
import { figure } from '../texts/many.ts';

const t = texts.overview;

/** What is wrong now, how that came to be, where, and what changed within the hour. */
export function OverviewPage(): JSX.Element {
  const { value: status, error } = usePolled(poolStatus);
  const [span, setSpan] = useState<OverviewSpan>('1h');
  const overview = useRepeated(span, () => ask(`/api/v1/overview?span=${span}`, overviewSchema));
  if (status === null)
    return error === null ? (
      <Blank icon="search" title={texts.loading} />
    ) : (
      <Blank icon="alert" title={texts.pool.failed(error)} isFault />
    );
  const { value: places } = overview;
  return (
    <div className="page overview">
      <h1>{t.title}</h1>
      <OpenCounts status={status} />
      {places === null ? (
        <Counting error={overview.error} />
      ) : (
        <>
          <OpenOverTime steps={places.steps} sinceMs={places.sinceMs} span={span} choose={setSpan} />
          <div className="columns">
            <WorstList title={t.worst} rows={places.nodes} to={(node) => messagesAt({ node })} />
            <WorstList title={t.group} rows={places.groups} to={(group) => messagesAt({ group })} />
          </div>
        </>
      )}
      <RecentChanges
        epochs={status.roles.map(({ role, epoch }) => `${role} ${epoch}`).join()}
        nodes={places}
      />
    </div>
  );
}

/** The first time that anybody asks a server it counts them all. */
function Counting({ error }: { readonly error: string | null }): JSX.Element {
  return error === null ? (
    <p className="faint">{t.counting}</p>
  ) : (
    <p className="fault-text" role="alert">
      {t.failed(error)}
    </p>
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
            <span className="count-number">{figure(messages.open[severity])}</span>
            <SeverityChip severity={severity} />
          </Link>
        ))}
        <Link to={messagesAt({ state: 'acknowledged' })} className="count is-plain">
          <span className="count-number">{figure(totalOf(messages.acknowledged))}</span>
          {t.acknowledged}
        </Link>
        <Link to={messagesAt({ state: 'all' })} className="count is-plain">
          <span className="count-number">{figure(messages.total)}</span>
          {t.stored}
        </Link>
      </div>
    </section>
  );
}

function WorstList({
  title,
  rows,
  to,
}: {
  readonly title: string;
  readonly rows: readonly WorstPlace[];
  readonly to: (name: string) => string;
}): JSX.Element {
  const most = Math.max(1, ...rows.map(({ open }) => totalOf(open)));
  return (
    <section>
      <h2>
        {title} <span className="faint">{t.worstNote}</span>
      </h2>
      {rows.length === 0 && <p className="faint">{t.worstEmpty}</p>}
      <ul className="worst">
        {rows.map(({ name, open }) => {
          const worst = worstSeverity(open);
          return (
            <li key={name}>
              <SeverityChip severity={worst} />
              <span className="worst-name">
                {name === null ? t.noGroup : <Link to={to(name)}>{name}</Link>}
              </span>
              <meter min={0} max={most} value={totalOf(open)} aria-label={t.open} />
              <span className="worst-number">
                {figure(open[worst])}
                <span className="faint"> / {figure(totalOf(open))}</span>
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
