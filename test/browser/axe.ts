import assert from 'node:assert/strict';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** A desk and a phone. */
export const windows = [
  { width: 1440, height: 900 },
  { width: 360, height: 740 },
] as const;

/** Goes there as a link would, without loading the page anew. */
export async function goTo(page: Page, address: string): Promise<void> {
  await page.evaluate(
    `history.pushState(null, '', ${JSON.stringify(address)}); dispatchEvent(new PopStateEvent('popstate'))`,
  );
}

/**
 * axe finds nothing in what is shown, in light and dark colours, and nothing is wider than the window. The palettes differ in
 * nothing but colours, so in the dark one only those are looked at.
 */
export async function assertSound(page: Page, what: string): Promise<void> {
  const all = new AxeBuilder({ page }).withTags([
    'wcag2a',
    'wcag2aa',
    'wcag21a',
    'wcag21aa',
    'wcag22aa',
    'best-practice',
  ]);
  await assertNoViolations(all, what);
  await page.emulateMedia({ colorScheme: 'dark' });
  await assertNoViolations(new AxeBuilder({ page }).withRules(['color-contrast']), `${what}, dark`);
  await page.emulateMedia({ colorScheme: 'light' });
  await assertFits(page, what);
}

/** Runs in the page: what reaches beyond the right edge, the outermost first. */
const widestScript = `[...document.querySelectorAll('body *')]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 5).map((element) => element.cloneNode(false).outerHTML.slice(0, 120))`;

export async function assertFits(page: Page, what: string): Promise<void> {
  const width = await page.evaluate('document.documentElement.scrollWidth');
  if (width === page.viewportSize()?.width) return;
  assert.fail(`${what} is ${String(width)} px wide: ${JSON.stringify(await page.evaluate(widestScript))}`);
}

async function assertNoViolations(axe: AxeBuilder, what: string): Promise<void> {
  // Without frames of other origins nothing is gained by a page of its own for putting results together, which takes as long
  // as the analysis.
  const { violations } = await axe.setLegacyMode(true).analyze();
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join('\n')}`),
    [],
    what,
  );
}
