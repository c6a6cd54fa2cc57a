import { useRef, type JSX } from 'react';
import type { OpenStep, OverviewSpan } from '../../../src/model/overview.ts';
import { severities } from '../../../src/model/severity.ts';
import { Segments } from '../parts/segments.tsx';
import { TableFrame } from '../parts/table-frame.tsx';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { totalOf } from './overview-facts.ts';
import { useWidth } from './use-width.ts';
import { figure } from '../texts/many.ts';

const t = texts.overview;
const height = 120;
const spans = ['1h', '6h', '24h'] as const satisfies readonly OverviewSpan[];

interface Props {
  readonly steps: readonly OpenStep[];
  readonly sinceMs: number | null;
  readonly span: OverviewSpan;
  readonly choose: (span: OverviewSpan) => void;
}

/** How many were open at the end of each step, the most urgent at the bottom where it stands out; the same as a table below. */
export function OpenOverTime({ steps, sinceMs, span, choose }: Props): JSX.Element {
  const times = useTimes();
  const [from, to] = [steps.at(0), steps.at(-1)];
  return (
    <section>
      <header className="section-head">
        <h2>
          {t.overTime} <span className="faint">{t.overTimeNote[span]}</span>
        </h2>
        <Segments
          label={t.span}
          name="span"
          value={span}
          options={spans.map((one) => [one, t.spans[one]] as const)}
          choose={choose}
        />
      </header>
      <Columns steps={steps} />
      <p className="faint">
        {from !== undefined &&
          to !== undefined &&
          t.tells(totalOf(from.open), totalOf(to.open), steps.map(happened))}
        {sinceMs !== null && ` ${t.knownSince(times.clock(sinceMs))}`}
      </p>
      <details className="as-table">
        <summary>{t.table}</summary>
        <StepTable steps={steps} />
      </details>
    </section>
  );
}

function happened({ arrived, acknowledged }: OpenStep): readonly [arrived: number, acknowledged: number] {
  return [totalOf(arrived), totalOf(acknowledged)];
}

function Columns({ steps }: { readonly steps: readonly OpenStep[] }): JSX.Element {
  const times = useTimes();
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame, 720);
  const most = Math.max(1, ...steps.map(({ open }) => totalOf(open)));
  const slot = width / Math.max(1, steps.length);
  // Times of day need so much room.
  const every = Math.ceil(46 / slot);
  return (
    <div className="over-time">
      <div ref={frame}>
        <svg width={width} height={height + 20} role="img" aria-label={t.overTime}>
          <line x1="0" x2={width} y1={height + 0.5} y2={height + 0.5} className="axis" />
          {steps.map(({ fromMs, toMs, open }, at) => {
            let below = 0;
            const total = totalOf(open);
            return (
              <g key={fromMs}>
                {severities.toReversed().map((severity) => {
                  const tall = (open[severity] / most) * (height - 14);
                  below += tall;
                  return (
                    tall > 0 && (
                      <rect
                        key={severity}
                        className={`bar bar-${severity}`}
                        x={at * slot + slot * 0.12}
                        width={slot * 0.76}
                        y={height - below}
                        height={tall}
                      />
                    )
                  );
                })}
                {total > 0 && at % Math.ceil(every / 2) === (steps.length - 1) % Math.ceil(every / 2) && (
                  <text x={at * slot + slot / 2} y={height - below - 4} textAnchor="middle">
                    {shortNumber(total)}
                  </text>
                )}
                {at % every === (steps.length - 1) % every && (
                  <text x={at * slot + slot / 2} y={height + 15} textAnchor="middle" className="axis-text">
                    {at === steps.length - 1 ? t.now : times.clock(toMs).slice(0, 5)}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      </div>
    </div>
  );
}

/** `812`, `12.4k`, `1.02M`: as much as fits above a column. */
function shortNumber(number: number): string {
  if (number < 10_000) return String(number);
  if (number < 1_000_000) return `${(number / 1_000).toPrecision(3)}k`;
  return `${(number / 1_000_000).toPrecision(3)}M`;
}

function StepTable({ steps }: { readonly steps: readonly OpenStep[] }): JSX.Element {
  const times = useTimes();
  const urgentFirst = severities.toReversed();
  return (
    <TableFrame label={t.overTime}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t.until}</th>
            {urgentFirst.map((severity) => (
              <th key={severity} scope="col" className="is-number">
                {texts.severities[severity]}
              </th>
            ))}
            {[t.total, t.arrived, t.acknowledgedThen].map((title) => (
              <th key={title} scope="col" className="is-number">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {steps.map(({ fromMs, toMs, open, arrived, acknowledged }) => (
            <tr key={fromMs}>
              <th scope="row">{times.clock(toMs)}</th>
              {urgentFirst.map((severity) => (
                <td key={severity} className="is-number">
                  {figure(open[severity])}
                </td>
              ))}
              {[open, arrived, acknowledged].map((counts, at) => (
                // Three columns that never change places.
                // oxlint-disable-next-line react/no-array-index-key
                <td key={at} className="is-number">
                  {figure(totalOf(counts))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}
