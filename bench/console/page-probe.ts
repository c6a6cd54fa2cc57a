import type { Page } from 'playwright-core';

/** What a filter should show, so that rows of the one before do not count. */
export interface Wanted {
  /** The address of the filtered page. */
  readonly address: string;
  /** A cell of every row in view, and what stands in it; null: that no message passes is what should be said. */
  readonly cell: readonly [selector: string, text: string] | null;
}

export interface Frames {
  readonly perSecond: number;
  /** The longest time between two of them. */
  readonly longestMs: number;
}

export interface Blocks {
  readonly longestMs: number;
  /** Tasks of more than 50 ms, as the browser counts them. */
  readonly count: number;
}

/**
 * Runs in the page, so that no time of the test's own goes into what is measured. Text, since the page's types are not
 * those of the test: `painted` resolves when a frame with what should be seen has been handed on.
 */
const script = `(() => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const rows = () => [...document.querySelectorAll('.rows .row')];
  const isShown = (cell) => {
    if (document.querySelector('.grid')?.getAttribute('aria-busy') !== 'false') return false;
    const all = rows();
    if (cell === null) return all.length === 0 && document.querySelector('.messages-list > .blank') !== null;
    return all.length > 0 && all.every((row) => row.querySelector(cell[0])?.textContent.includes(cell[1]));
  };
  // Not by looking in each frame: frames that the page would not make are drawn for it, on the cores that it loads with.
  const becomes = (isSo) => new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('not shown within 20 s: ' + location.href)), 20000);
    const look = () => {
      if (!isSo()) return;
      observer.disconnect();
      clearTimeout(late);
      resolve();
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    look();
  });
  const painted = async (sinceMs, isSo) => {
    await becomes(isSo);
    await new Promise((resolve) =>
      requestAnimationFrame(() => {
        const after = new MessageChannel();
        after.port1.onmessage = resolve;
        after.port2.postMessage(null);
      }),
    );
    return performance.now() - sinceMs;
  };
  let lastKeyMs = 0;
  addEventListener('keydown', () => { lastKeyMs = performance.now(); }, { capture: true });
  const blocks = [];
  new PerformanceObserver((list) => blocks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask' });
  window.probe = {
    firstRows: painted(0, () => rows().length > 0),
    change({ address, cell }) {
      const startedMs = performance.now();
      history.pushState(null, '', address);
      dispatchEvent(new PopStateEvent('popstate'));
      return painted(startedMs, () => isShown(cell));
    },
    typed: (cell) => painted(lastKeyMs, () => isShown(cell)),
    async scroll(selector, stepPx, spanMs) {
      const element = document.querySelector(selector);
      const startedMs = await frame();
      let [frames, longestMs, lastMs] = [0, 0, startedMs];
      while (lastMs - startedMs < spanMs) {
        element.scrollBy(0, stepPx);
        const nowMs = await frame();
        longestMs = Math.max(longestMs, nowMs - lastMs);
        lastMs = nowMs;
        frames += 1;
      }
      return { perSecond: (frames * 1000) / (lastMs - startedMs), longestMs };
    },
    forgetBlocks: () => void blocks.splice(0),
    blocks: () => ({ longestMs: Math.max(0, ...blocks), count: blocks.length }),
  };
})();`;

/** Before the page is loaded. */
export async function addProbe(page: Page): Promise<void> {
  await page.addInitScript({ content: script });
}

/** Milliseconds from the beginning of the navigation to the first painted rows. */
export function firstRowsMs(page: Page): Promise<number> {
  return page.evaluate<number>('probe.firstRows');
}

/** Milliseconds from the change of a filter to its painted rows. */
export function changeMs(page: Page, wanted: Wanted): Promise<number> {
  return page.evaluate<number>(`probe.change(${JSON.stringify(wanted)})`);
}

/** Milliseconds from the last key pressed to the painted rows. */
export function typedMs(page: Page, cell: Wanted['cell']): Promise<number> {
  return page.evaluate<number>(`probe.typed(${JSON.stringify(cell)})`);
}

/** Scrolls by so many pixels in each frame. */
export function scroll(page: Page, selector: string, stepPx: number, spanMs: number): Promise<Frames> {
  return page.evaluate<Frames>(`probe.scroll(${JSON.stringify(selector)}, ${stepPx}, ${spanMs})`);
}

export async function blocksWhile(page: Page, busy: () => Promise<void>): Promise<Blocks> {
  await page.evaluate('probe.forgetBlocks()');
  await busy();
  return page.evaluate<Blocks>('probe.blocks()');
}
