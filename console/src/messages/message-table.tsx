import {
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type JSX,
  type MouseEvent,
  type RefObject,
} from 'react';
import type { MessageView } from '../../../src/model/api.ts';
import { door } from '../browser/door.ts';
import { useStore } from '../browser/store.ts';
import { pendingMessages, undertakings } from '../operations/operations.ts';
import { Icon } from '../parts/icon.tsx';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import type { FeedState, MessageFeed } from './message-feed.ts';
import { numberOf } from './grouped-changes.ts';
import { MessageRow, rowId } from './message-row.tsx';
import { addSelected, selection, toggleSelected } from './selection.ts';
import { useAnchor } from './use-anchor.ts';
import { useSlots } from './use-slots.ts';
import { useRowHeight } from './use-row-height.ts';

const overscanRows = 4;
/** The next page is asked for this many rows before its end comes into view. */
const aheadRows = 60;
const columns = ['select', 'severity', 'time', 'node', 'about', 'text', 'owner', 'state'] as const;

interface Props {
  readonly feed: MessageFeed;
  readonly state: FeedState;
  readonly cursorId: string | null;
  readonly openId: string | null;
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly setCursor: (id: string) => void;
  readonly open: (id: string) => void;
  readonly unfold: (message: MessageView) => void;
}

function usePending(): ReturnType<typeof pendingMessages> {
  const asked = useStore(undertakings);
  return useMemo(() => pendingMessages(asked), [asked]);
}

/** Only the rows in view exist; a page of more is read when one comes near either end. */
export function MessageTable(props: Props): JSX.Element {
  const { feed, state, cursorId, openId, scroller } = props;
  const { rows, hasOlder, hasNewer } = state.window;
  const times = useTimes();
  const rowPx = useRowHeight();
  const selected = useStore(selection);
  const pending = usePending();
  const view = useScrolled(scroller);
  const { above, toTop } = useAnchor({ scroller, rows, rowPx, cursorId, feed });

  const first = Math.max(0, Math.floor(view.topPx / rowPx) - overscanRows);
  const last = Math.min(rows.length, Math.ceil((view.topPx + view.heightPx) / rowPx) + overscanRows);
  useEffect(() => {
    if (hasOlder && last > rows.length - aheadRows) feed.loadOlder();
    else if (hasNewer && first < aheadRows) feed.loadNewer();
  }, [feed, first, last, rows, hasOlder, hasNewer]);

  const press = usePress(props, rows);
  const drawn = rows.slice(first, last);
  const slots = useSlots(drawn);
  const nowMs = door.nowMs();
  return (
    <div className="grid-frame">
      <div
        className="grid"
        role="grid"
        ref={scroller}
        aria-label={texts.messages.grid}
        aria-rowcount={hasOlder || hasNewer ? -1 : rows.length + 1}
        aria-multiselectable="true"
        aria-activedescendant={drawn.some(({ id }) => id === cursorId) ? rowId(cursorId ?? '') : undefined}
        aria-busy={state.loading === 'first'}
        tabIndex={0}
      >
        <Head offset={times.offset} />
        <div className="rows" role="presentation" style={{ height: rows.length * rowPx }}>
          {drawn.map((message, index) => (
            <MessageRow
              key={slots.get(message.id)}
              message={message}
              at={first + index}
              topPx={(first + index) * rowPx}
              number={state.grouping === null ? 1 : numberOf(message, state.grouping)}
              isSelected={selected.has(message.id)}
              hasCursor={message.id === cursorId}
              isOpened={message.id === openId}
              pending={pending.get(message.id) ?? null}
              times={times}
              nowMs={nowMs - (nowMs % 60_000)}
              onPress={press.row}
              onSelect={press.box}
              onUnfold={props.unfold}
            />
          ))}
        </div>
        {!hasOlder && rows.length > 0 && (
          <p className="rows-end" role="presentation">
            {texts.messages.endOfList}
          </p>
        )}
      </div>
      {(above > 0 || hasNewer) && (
        <button type="button" className="button above" onClick={toTop}>
          <Icon name="up" />
          {above > 0 ? texts.messages.newAbove(above) : texts.messages.toNewest}
        </button>
      )}
    </div>
  );
}

function Head({ offset }: { readonly offset: string }): JSX.Element {
  return (
    <div role="row" aria-rowindex={1} className="row row-head">
      {columns.map((column) => (
        <div key={column} role="columnheader" className={`cell-${column}`}>
          <span className={column === 'select' ? 'unseen' : undefined}>{texts.messages.columns[column]}</span>
          {column === 'time' && <span className="faint"> {offset}</span>}
        </div>
      ))}
    </div>
  );
}

/** What a click does: opens; with Ctrl selects; with Shift selects all from the last one. */
function usePress(
  { setCursor, open, cursorId }: Props,
  rows: readonly MessageView[],
): Record<'row' | 'box', (message: MessageView, event: MouseEvent) => void> {
  const latest = useRef({ rows, cursorId, setCursor, open });
  useLayoutEffect(() => {
    latest.current = { rows, cursorId, setCursor, open };
  });
  const [handlers] = useState(() => {
    const range = (to: string): void => {
      const { rows: all, cursorId: from } = latest.current;
      const ends = [all.findIndex(({ id }) => id === from), all.findIndex(({ id }) => id === to)].sort(
        (a, b) => a - b,
      );
      const [start = -1, end = -1] = ends;
      addSelected(start < 0 ? [to] : all.slice(start, end + 1).map(({ id }) => id));
    };
    const box = ({ id }: MessageView, event: MouseEvent): void => {
      if (event.shiftKey) range(id);
      else toggleSelected(id);
      latest.current.setCursor(id);
    };
    const row = (message: MessageView, event: MouseEvent): void => {
      if (event.shiftKey || event.ctrlKey || event.metaKey) return box(message, event);
      // Marking text with the mouse is no click.
      if (window.getSelection()?.isCollapsed === false) return;
      latest.current.setCursor(message.id);
      latest.current.open(message.id);
    };
    return { row, box };
  });
  return handlers;
}

/** What part of it is in view, once a frame at most. */
function useScrolled(scroller: RefObject<HTMLDivElement | null>): { topPx: number; heightPx: number } {
  const [view, setView] = useState({ topPx: 0, heightPx: 800 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const read = (): void =>
      setView((before) =>
        before.topPx === element.scrollTop && before.heightPx === element.clientHeight
          ? before
          : { topPx: element.scrollTop, heightPx: element.clientHeight },
      );
    read();
    element.addEventListener('scroll', read, { passive: true });
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', read);
      observer.disconnect();
    };
  }, [scroller]);
  return view;
}
