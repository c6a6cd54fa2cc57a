import { useLayoutEffect, useRef, useState, type RefObject } from 'react';
import type { MessageView } from '../../../src/model/api.ts';
import type { MessageFeed } from './message-feed.ts';

interface Options {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly rows: readonly MessageView[];
  readonly rowPx: number;
  readonly cursorId: string | null;
  readonly feed: MessageFeed;
}

/**
 * Keeps what one reads where it is while rows come and go above it. At the top, with no cursor on any row, the newest
 * come into view by themselves; else they are counted, and `toTop` goes there.
 */
export function useAnchor({ scroller, rows, rowPx, cursorId, feed }: Options): {
  above: number;
  toTop: () => void;
} {
  const before = useRef<{ rows: readonly MessageView[]; rowPx: number }>({ rows: [], rowPx });
  const [above, setAbove] = useState(0);
  useLayoutEffect(() => {
    const element = scroller.current;
    const { rows: old, rowPx: oldPx } = before.current;
    before.current = { rows, rowPx };
    if (element === null || old === rows) return;
    const isAtTop = element.scrollTop < rowPx / 2;
    const firstSeen = Math.floor(element.scrollTop / oldPx);
    if (isAtTop && cursorId === null) return;
    // The row itself may be the one that went; the next one that is still there takes its place.
    const at = new Map(rows.map(({ id }, index) => [id, index]));
    const anchor = old.slice(firstSeen, firstSeen + 60).findIndex(({ id }) => at.has(id));
    const index = at.get(old[firstSeen + anchor]?.id ?? '');
    if (anchor < 0 || index === undefined) return;
    const moved = index - (firstSeen + anchor);
    if (moved === 0) return;
    element.scrollTop += index * rowPx - (firstSeen + anchor) * oldPx;
    if (moved > 0 && rows[0]?.id !== old[0]?.id) setAbove((number) => number + moved);
  }, [rows, rowPx, scroller, cursorId]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = (): void => {
      feed.isReadingBelow = element.scrollTop > 0;
      setAbove((number) => Math.min(number, Math.round(element.scrollTop / rowPx)));
    };
    element.addEventListener('scroll', look, { passive: true });
    return () => element.removeEventListener('scroll', look);
  }, [scroller, feed, rowPx]);

  const toTop = (): void => {
    if (feed.state.get().window.hasNewer) feed.reload();
    scroller.current?.scrollTo({ top: 0 });
    setAbove(0);
  };
  return { above, toTop };
}
