import { useCallback, useEffect, useMemo, useRef, useState, type JSX } from 'react';
import type { MessageView } from '../../../src/model/api.ts';
import { textOf } from '../../../src/model/errors.ts';
import type { MessageState, OperationKind } from '../../../src/model/operation.ts';
import { go, place } from '../browser/place.ts';
import { useStore } from '../browser/store.ts';
import { live } from '../live/live-stream.ts';
import { undertake } from '../operations/operations.ts';
import { useMe } from '../session/allowed.ts';
import { addressOf, linkTo } from './addresses.ts';
import { AnnotateDialog } from './annotate-dialog.tsx';
import { BulkBar } from './bulk-bar.tsx';
import { copyText } from '../browser/copy-text.ts';
import { DetailPane } from './detail-pane.tsx';
import { FilterBar } from './filter-bar.tsx';
import { MessageFeed } from './message-feed.ts';
import { MessageTable } from './message-table.tsx';
import { NoMessages } from './no-messages.tsx';
import { selection } from './selection.ts';
import { chosenOf, refusalOf, targetsOf } from './targets.ts';
import { membersOf } from './group-members.ts';
import { useMessageKeys } from './use-message-keys.ts';
import { useRowHeight } from './use-row-height.ts';
import { filterOfSearch, searchOfFilter, type ViewFilter } from './view-filter.ts';
import { texts } from '../texts.ts';

/** Reading goes on where it was when one comes back to this page from another. */
let keptFeed: { search: string; feed: MessageFeed } | null = null;

/** Asks for the first rows while the page itself is still being made. */
export function readAhead(search: string): void {
  const filter = filterOfSearch(search);
  const feed = new MessageFeed(filter);
  feed.reload();
  keptFeed = { search: searchOfFilter(filter), feed };
}

export function MessagesPage({ openId }: { readonly openId: string | null }): JSX.Element {
  const { search } = useStore(place);
  const filter = useMemo(() => filterOfSearch(search), [search]);
  const feed = useFeed(filter);
  const state = useStore(feed.state);
  const { rows } = state.window;
  const [cursorId, setCursor] = useState<string | null>(openId);
  const { grouping } = state;
  const { act, refusal, annotating, annotate } = useActions(rows, cursorId, grouping);
  const scroller = useRef<HTMLDivElement>(null);
  const rowPx = useRowHeight();
  useCursorInView(scroller, rows, cursorId, rowPx);

  const { show, open, unfold, toggleFold } = useAddresses({ openId, filter, search, rows, grouping });
  const togglePause = useCallback(() => (feed.state.get().isPaused ? feed.resume() : feed.pause()), [feed]);
  const toEnd = useCallback(
    (end: 'newest' | 'oldest') => {
      const { hasNewer, hasOlder } = feed.state.get().window;
      if (end === 'newest' && hasNewer) feed.reload();
      if (end === 'oldest' && hasOlder) feed.reloadOldest();
      setCursor(null);
      scroller.current?.scrollTo({ top: end === 'newest' ? 0 : scroller.current.scrollHeight });
    },
    [feed],
  );
  const copyLink = useCallback((id: string) => void copyText(linkTo(id)), []);
  useMessageKeys({ rows, cursorId, openId, setCursor, open, act, togglePause, toEnd, copyLink, toggleFold });

  return (
    <div className={`messages ${openId === null ? '' : 'has-detail'}`}>
      <h1 className="unseen">{texts.messages.title}</h1>
      <FilterBar filter={filter} show={show} feed={feed} state={state} togglePause={togglePause} />
      <div className="messages-list">
        <MessageTable
          feed={feed}
          state={state}
          cursorId={cursorId}
          openId={openId}
          scroller={scroller}
          setCursor={setCursor}
          open={open}
          unfold={unfold}
        />
        {rows.length === 0 && (
          <NoMessages state={state} filter={filter} show={show} retry={() => feed.reload()} />
        )}
        {refusal !== null && (
          <p className="refusal" role="alert">
            {refusal}
          </p>
        )}
        <BulkBar rows={rows} act={act} />
      </div>
      {openId !== null && (
        <DetailPane id={openId} close={() => open(null)} annotate={() => annotate([openId])} />
      )}
      {annotating !== null && <AnnotateDialog messages={annotating} onClose={() => annotate(null)} />}
    </div>
  );
}

interface Addresses {
  readonly show: (filter: ViewFilter) => void;
  readonly open: (id: string | null) => void;
  readonly unfold: (message: MessageView) => void;
  readonly toggleFold: (id: string | null) => void;
}

/** What leads to another address of this page: another filter, other details, all that say the same. */
function useAddresses({
  openId,
  filter,
  search,
  rows,
  grouping,
}: {
  readonly openId: string | null;
  readonly filter: ViewFilter;
  readonly search: string;
  readonly rows: readonly MessageView[];
  readonly grouping: MessageState | 'all' | null;
}): Addresses {
  const show = useCallback(
    (next: ViewFilter) => go(addressOf(openId, searchOfFilter(next)), { replace: true }),
    [openId],
  );
  const open = useCallback(
    (id: string | null) => go(addressOf(id, search), { replace: openId !== null && id !== null }),
    [search, openId],
  );
  const unfold = useCallback(
    (message: MessageView) =>
      message.same && go(addressOf(null, searchOfFilter({ ...filter, same: message.same.key }))),
    [filter],
  );
  const toggleFold = useCallback(
    (id: string | null) => {
      const row = rows.find((one) => one.id === id);
      if (filter.same !== '') show({ ...filter, same: '' });
      else if (row !== undefined && grouping !== null) unfold(row);
    },
    [rows, filter, grouping, show, unfold],
  );
  return { show, open, unfold, toggleFold };
}

interface Actions {
  readonly act: (kind: OperationKind) => void;
  /** Why the last one was not even asked for; null when it was. */
  readonly refusal: string | null;
  /** Messages that an annotation is being written for. */
  readonly annotating: readonly string[] | null;
  readonly annotate: (messages: readonly string[] | null) => void;
}

/** What the keys and buttons do to the selected messages, or to the one with the cursor. */
function useActions(
  rows: readonly MessageView[],
  cursorId: string | null,
  grouping: MessageState | 'all' | null,
): Actions {
  const me = useMe();
  const [refusal, setRefusal] = useState<string | null>(null);
  const [annotating, annotate] = useState<readonly string[] | null>(null);
  useEffect(() => setRefusal(null), [cursorId]);
  const act = useCallback(
    (kind: OperationKind) => {
      const chosen = chosenOf(selection.get(), cursorId);
      const because = refusalOf(kind, rows, chosen, me);
      setRefusal(chosen.length > 0 && because !== null ? texts.bulk.nothing(because) : null);
      const targets = because === null ? targetsOf(kind, rows, chosen, me) : [];
      if (targets.length === 0) return;
      if (kind === 'annotate') annotate(targets);
      else if (grouping === null) void undertake(kind, targets);
      else
        membersOf(rows, targets, { kind, state: grouping, me }).then(
          (members) => undertake(kind, members),
          (error: unknown) => setRefusal(texts.bulk.nothing(textOf(error))),
        );
    },
    [rows, cursorId, me, grouping],
  );
  return { act, refusal, annotating, annotate };
}

function useFeed(filter: ViewFilter): MessageFeed {
  const search = searchOfFilter(filter);
  const [feed] = useState(() => keptFeed?.feed ?? new MessageFeed(filter));
  useEffect(() => {
    const stop = live.listen(feed);
    return stop;
  }, [feed]);
  useEffect(() => {
    if (keptFeed?.search !== search) feed.setFilter(filterOfSearch(search));
    else if (feed.state.get().loading !== 'first') feed.reload();
    keptFeed = { search, feed };
  }, [feed, search]);
  return feed;
}

/** Scrolls as little as brings the row with the cursor into view, when the cursor moves. */
function useCursorInView(
  scroller: { readonly current: HTMLDivElement | null },
  rows: readonly MessageView[],
  cursorId: string | null,
  rowPx: number,
): void {
  const latest = useRef(rows);
  latest.current = rows;
  useEffect(() => {
    const element = scroller.current;
    const at = latest.current.findIndex(({ id }) => id === cursorId);
    if (element === null || at < 0) return;
    const top = at * rowPx;
    // The head lies over the first lines of what is scrolled.
    const seenPx = element.clientHeight - (element.querySelector('.row-head')?.clientHeight ?? 0);
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowPx > element.scrollTop + seenPx) element.scrollTop = top + rowPx - seenPx;
  }, [scroller, cursorId, rowPx]);
}
