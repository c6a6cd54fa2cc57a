import { useState, type JSX } from 'react';
import { severities } from '../../../src/model/severity.ts';
import { nodes, poolStatus } from '../api/answers.ts';
import { usePolled } from '../api/polled.ts';
import { Icon } from '../parts/icon.tsx';
import { SeverityShape } from '../parts/severity-chip.tsx';
import { TypedField } from '../parts/typed-field.tsx';
import { texts } from '../texts.ts';
import { ExportMenu } from './export-menu.tsx';
import { GoToTime } from './go-to-time.tsx';
import type { FeedState, MessageFeed } from './message-feed.ts';
import { ViewsMenu } from './views-menu.tsx';
import { isGrouped, isNarrowed, noFilter, sinceSpans, type Since, type ViewFilter } from './view-filter.ts';
import { figure } from '../texts/many.ts';

const t = texts.messages;
const states = ['open', 'acknowledged', 'all'] as const;

interface Props {
  readonly filter: ViewFilter;
  readonly show: (filter: ViewFilter) => void;
  readonly feed: MessageFeed;
  readonly state: FeedState;
  readonly togglePause: () => void;
}

interface ChangeProps {
  readonly filter: ViewFilter;
  readonly change: (part: Partial<ViewFilter>) => void;
}

export function FilterBar({ filter, show, feed, state, togglePause }: Props): JSX.Element {
  const change = (part: Partial<ViewFilter>): void => show({ ...filter, ...part });
  return (
    <section className="filters" aria-label={t.filters}>
      <fieldset className="segments">
        <legend className="unseen">{t.state}</legend>
        {states.map((one) => (
          <label key={one}>
            <input
              type="radio"
              name="state"
              checked={filter.state === one}
              onChange={() => change({ state: one })}
            />
            <span>{t.states[one]}</span>
          </label>
        ))}
      </fieldset>
      <SeverityToggles filter={filter} change={change} />
      <div className="filter-fields">
        <TypedField
          id="search"
          label={t.search}
          value={filter.text}
          change={(text) => change({ text })}
          isSearch
        />
        <NodeField value={filter.node} change={(node) => change({ node })} />
        <TypedField id="group" label={t.group} value={filter.group} change={(group) => change({ group })} />
        <SinceField filter={filter} change={change} />
        {isNarrowed(filter) && (
          <button
            type="button"
            className="button quiet"
            onClick={() => show({ ...noFilter, state: filter.state, grouped: filter.grouped })}
          >
            {t.clear}
          </button>
        )}
      </div>
      <div className="filter-end">
        <GroupingButtons filter={filter} change={change} />
        <ViewsMenu filter={filter} show={show} />
        <GoToTime feed={feed} />
        <ExportMenu filter={filter} />
        <button
          type="button"
          className={`button pause ${state.isPaused ? 'is-paused' : ''}`}
          aria-pressed={state.isPaused}
          aria-keyshortcuts="p"
          onClick={togglePause}
        >
          <Icon name={state.isPaused ? 'play' : 'pause'} />
          <span className="tool-word">{state.isPaused ? t.resume(state.waiting) : t.pause}</span>
        </button>
      </div>
    </section>
  );
}

function SinceField({ filter, change }: ChangeProps): JSX.Element {
  return (
    <select
      className="field"
      aria-label={t.since}
      value={filter.since ?? ''}
      onChange={({ target }) => change({ since: (target.value || null) as Since | null })}
    >
      <option value="">{t.sinceAny}</option>
      {Object.keys(sinceSpans).map((name) => (
        <option key={name} value={name}>
          {t.sinceNames[name as Since]}
        </option>
      ))}
    </select>
  );
}

function GroupingButtons({ filter, change }: ChangeProps): JSX.Element {
  return (
    <>
      <button
        type="button"
        className="button"
        aria-pressed={filter.grouped}
        title={isGrouped(filter) === filter.grouped ? t.groupedAbout : t.groupedNotNow}
        onClick={() => change({ grouped: !filter.grouped })}
      >
        <Icon name="stack" />
        <span className="tool-word">{t.grouped}</span>
      </button>
      {filter.same !== '' && (
        <button type="button" className="button" onClick={() => change({ same: '' })}>
          <Icon name="close" />
          <span className="tool-word">{t.fold}</span>
        </button>
      )}
    </>
  );
}

/** Also a count of what there is, whatever else is filtered. */
function SeverityToggles({ filter, change }: ChangeProps): JSX.Element {
  const { value: status } = usePolled(poolStatus);
  const numberOf = (severity: (typeof severities)[number]): number | null => {
    if (status === null) return null;
    const { open, acknowledged } = status.messages;
    if (filter.state === 'all') return open[severity] + acknowledged[severity];
    return (filter.state === 'open' ? open : acknowledged)[severity];
  };
  return (
    <div className="severity-toggles" role="group" aria-label={t.severity}>
      {severities.toReversed().map((severity) => {
        const isChosen = filter.severities.includes(severity);
        const number = numberOf(severity);
        return (
          <button
            key={severity}
            type="button"
            className={`toggle toggle-${severity}`}
            aria-pressed={isChosen}
            onClick={() =>
              change({
                severities: severities.filter(
                  (one) => (one === severity) !== filter.severities.includes(one),
                ),
              })
            }
          >
            <span className={`chip chip-${severity}`}>
              <SeverityShape severity={severity} />
            </span>
            <span className="toggle-word">{texts.severities[severity]}</span>
            <span className="toggle-number">{number === null ? '' : figure(number)}</span>
          </button>
        );
      })}
    </div>
  );
}

function NodeField({
  value,
  change,
}: {
  readonly value: string;
  readonly change: (node: string) => void;
}): JSX.Element {
  // There may be a hundred thousand of them, which nobody has to read who does not look for one.
  const [isLooking, setLooking] = useState(false);
  return (
    <span className="node-field" onFocus={() => setLooking(true)} onBlur={() => setLooking(false)}>
      <TypedField id="node" label={t.node} value={value} change={change} list="node-names" />
      {isLooking && <NodeNames />}
    </span>
  );
}

function NodeNames(): JSX.Element {
  const { value: answer } = usePolled(nodes);
  return (
    <datalist id="node-names">
      {(answer?.nodes ?? []).slice(0, 500).map(({ coreId, name }) => (
        <option key={coreId} value={name} />
      ))}
    </datalist>
  );
}
