import { useLayoutEffect, useState, type RefObject } from 'react';

/** How wide the element is, so that what is drawn in it keeps its sizes; `beforePx` until it was measured. */
export function useWidth(element: RefObject<Element | null>, beforePx: number): number {
  const [widthPx, setWidth] = useState(beforePx);
  useLayoutEffect(() => {
    const seen = element.current;
    if (seen === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined && entry.contentRect.width > 0) setWidth(Math.round(entry.contentRect.width));
    });
    observer.observe(seen);
    return () => observer.disconnect();
  }, [element]);
  return widthPx;
}
