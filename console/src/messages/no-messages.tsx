import type { JSX } from 'react';
import { Blank } from '../parts/blank.tsx';
import { texts } from '../texts.ts';
import type { FeedState } from './message-feed.ts';
import { isNarrowed, noFilter, type ViewFilter } from './view-filter.ts';

interface Props {
  readonly state: FeedState;
  readonly filter: ViewFilter;
  readonly show: (filter: ViewFilter) => void;
  readonly retry: () => void;
}

/** Says which nothing it is: still reading, could not be read, filtered away, all done, or none at all. */
export function NoMessages({ state, filter, show, retry }: Props): JSX.Element {
  const t = texts.messages;
  if (state.error !== null)
    return (
      <Blank icon="alert" title={t.failed(state.error)} isFault>
        <button type="button" className="button" onClick={retry}>
          {texts.tryAgain}
        </button>
      </Blank>
    );
  if (state.loading === 'first') return <Blank icon="search" title={texts.loading} />;
  if (isNarrowed(filter))
    return (
      <Blank icon="search" title={t.emptyFiltered}>
        <button type="button" className="button" onClick={() => show({ ...noFilter, state: filter.state })}>
          {t.clear}
        </button>
      </Blank>
    );
  if (filter.state === 'open')
    return (
      <Blank icon="check" title={t.emptyOpen} hint={t.emptyOpenHint}>
        <button type="button" className="button" onClick={() => show({ ...filter, state: 'all' })}>
          {t.showAll}
        </button>
      </Blank>
    );
  if (filter.state === 'acknowledged')
    return <Blank icon="check" title={t.emptyAcknowledged} hint={t.emptyAcknowledgedHint} />;
  return <Blank icon="check" title={t.empty} hint={t.emptyHint} />;
}
