import type { JSX } from 'react';
import { messagePageSchema } from '../../../src/model/api.ts';
import { severities } from '../../../src/model/severity.ts';
import { ask } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { queryOf } from '../messages/view-filter.ts';
import { TableFrame } from '../parts/table-frame.tsx';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { bucketsOf, totalOf, type Bucket } from './overview-facts.ts';
import { useRepeated } from './use-repeated.ts';

const t = texts.overview;
const bucketMs = 300_000;
const bucketNumber = 12;
const pageRows = 1_000;
const height = 120;
const slot = 60;

/** The last hour as columns, the most urgent at the bottom where it stands out; the same as a table below. */
export function Arrivals(): JSX.Element {
  const read = useRepeated(async () => {
    const nowMs = door.nowMs();
    const filter = { sinceMs: nowMs - bucketMs * bucketNumber };
    const page = await ask(`/api/v1/messages?${queryOf(filter, { limit: pageRows })}`, messagePageSchema);
    return { isCut: page.next !== null, buckets: bucketsOf(page.messages, nowMs, bucketMs, bucketNumber) };
  });
  const buckets = read?.buckets ?? [];
  return (
    <section>
      <h2>
        {t.arrivals}{' '}
        <span className="faint">{read?.isCut === true ? t.arrivalsCut(pageRows) : t.arrivalsNote}</span>
      </h2>
      <Columns buckets={buckets} />
      <details className="as-table">
        <summary>{t.table}</summary>
        <ArrivalTable buckets={buckets} />
      </details>
    </section>
  );
}

function Columns({ buckets }: { readonly buckets: readonly Bucket[] }): JSX.Element {
  const times = useTimes();
  const most = Math.max(1, ...buckets.map(({ counts }) => totalOf(counts)));
  return (
    <svg
      className="arrivals"
      viewBox={`0 0 ${slot * bucketNumber} ${height + 20}`}
      role="img"
      aria-label={t.arrivals}
    >
      <line x1="0" x2={slot * bucketNumber} y1={height + 0.5} y2={height + 0.5} className="axis" />
      {buckets.map(({ fromMs, counts }, at) => {
        let below = 0;
        return (
          <g key={fromMs}>
            {severities.toReversed().map((severity) => {
              const tall = (counts[severity] / most) * (height - 14);
              below += tall;
              return (
                tall > 0 && (
                  <rect
                    key={severity}
                    className={`bar bar-${severity}`}
                    x={at * slot + 8}
                    width={slot - 16}
                    y={height - below}
                    height={tall}
                  />
                )
              );
            })}
            {totalOf(counts) > 0 && (
              <text x={at * slot + slot / 2} y={height - below - 4} textAnchor="middle">
                {totalOf(counts)}
              </text>
            )}
            <text x={at * slot + slot / 2} y={height + 15} textAnchor="middle" className="axis-text">
              {times.clock(fromMs).slice(0, 5)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

function ArrivalTable({ buckets }: { readonly buckets: readonly Bucket[] }): JSX.Element {
  const times = useTimes();
  return (
    <TableFrame label={t.arrivals}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t.from}</th>
            {severities.toReversed().map((severity) => (
              <th key={severity} scope="col" className="is-number">
                {texts.severities[severity]}
              </th>
            ))}
            <th scope="col" className="is-number">
              {t.total}
            </th>
          </tr>
        </thead>
        <tbody>
          {buckets.map(({ fromMs, counts }) => (
            <tr key={fromMs}>
              <th scope="row">{times.clock(fromMs)}</th>
              {severities.toReversed().map((severity) => (
                <td key={severity} className="is-number">
                  {counts[severity]}
                </td>
              ))}
              <td className="is-number">{totalOf(counts)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}
