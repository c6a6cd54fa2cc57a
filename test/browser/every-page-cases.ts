import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Page, Route } from 'playwright-core';
import { RealPool } from '../pool/real-pool.ts';
import { assertFits, assertSound, goTo } from './axe.ts';
import { noChromium } from './chromium.ts';
import { makeToken } from './console-page.ts';
import { inConsole, sharedPlace, type ConsolePlace } from './console-place.ts';

/** Every page, and what stands on it when all is well. */
const pages = [
  ['/', 'What changed in the last hour'],
  ['/messages', 'Group repeats'],
  ['/pool', 'Changes of holders'],
  ['/nodes', 'node-1'],
  ['/configuration', 'Choose a definition'],
  ['/configuration?kind=try', 'A sample message'],
  ['/users', 'admin'],
  ['/audit', 'token.create'],
] as const;

/** Every page of a pool that was just founded, and what it says in place of what is not there. */
const emptyPages = [
  ['/', /^0$/],
  ['/messages?state=acknowledged', 'Nothing is acknowledged.'],
  ['/messages?text=nobody', 'No message passes these filters.'],
  ['/pool', 'Everything is stored once: the pool has one server'],
  ['/nodes', 'No agent has joined yet.'],
  ['/configuration?kind=policy', 'There is none yet.'],
  ['/users', 'no password yet'],
  ['/audit', 'That is all.'],
] as const;

/** What the page itself is made of, and who is signed in: without those there is no page to look at. */
const needed = /\/api\/v1\/(session|events)/;

/** Runs in the page. A group of radio buttons is one stop, and what cannot be reached by Tab is none. */
const stopsScript = `(() => {
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: false });
  const groups = new Set();
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
    .filter((element) => element.tabIndex >= 0 && !element.disabled && isSeen(element))
    .filter((element) => {
      if (element.type !== 'radio') return true;
      if (groups.has(element.name)) return false;
      groups.add(element.name);
      return true;
    }).length;
})()`;
const focusScript = `(() => {
  const element = document.activeElement;
  if (element === null || element === document.body) return null;
  window.stops ??= new Map();
  if (!window.stops.has(element)) window.stops.set(element, window.stops.size);
  // A radio button, a box and what is like them show it on what stands for them.
  const shown = [element, element.nextElementSibling, element.parentElement, element.closest('label')];
  const hasRing = shown.some((one) => {
    if (one === null) return false;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
    return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
  });
  const { top, bottom, left, right } = element.getBoundingClientRect();
  const inView = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
  return { at: window.stops.get(element), what: element.outerHTML.slice(0, 160), hasRing, inView };
})()`;
interface Focus {
  readonly at: number;
  readonly what: string;
  readonly hasRing: boolean;
  readonly inView: boolean;
}

describe('every page of the console', { skip: noChromium }, () => {
  let place: ConsolePlace;

  before(async () => {
    place = await sharedPlace();
  });

  test('by keyboard one comes to everything on every page, sees where one is, and gets out again', () =>
    inConsole(place, { path: '/' }, async ({ page }) => {
      for (const [address, text] of pages) {
        await goTo(page, address);
        await page.getByText(text).first().waitFor();
        await assertReachable(page, address);
      }
    }));

  test('no page is wider than its window, from a phone to a wall', () =>
    inConsole(place, { path: '/' }, async ({ page }) => {
      for (const [width, height] of [
        [768, 1024],
        [1280, 720],
        [1920, 1080],
        [3840, 2160],
      ] as const) {
        await page.setViewportSize({ width, height });
        for (const [address, text] of pages) {
          await goTo(page, address);
          await page.getByText(text).first().waitFor();
          await assertFits(page, `${address} at ${width} px`);
        }
      }
    }));

  test('with reduced motion nothing moves', () =>
    inConsole(place, { path: '/messages', reducedMotion: 'reduce' }, async ({ page }) => {
      await page.getByText('Group repeats').first().waitFor();
      const longest = await page.evaluate(
        `Math.max(0, ...document.getAnimations().map((one) => one.effect.getComputedTiming().activeDuration))`,
      );
      assert.ok(Number(longest) < 1, `${String(longest)} ms`);
    }));

  for (const [what, answer, said] of [
    ['an error', { status: 500, code: 'WK_INTERNAL' }, 'the disk is on fire'],
    ['a refusal', { status: 403, code: 'WK_DENIED' }, 'not for you'],
  ] as const)
    test(`every page says ${what} of the server in its place`, () =>
      inConsole(place, { path: '/configuration?kind=try' }, async ({ page }) => {
        const error = { code: answer.code, text: said, retry: false };
        const answerAll = (route: Route): Promise<void> =>
          needed.test(route.request().url())
            ? route.fallback()
            : route.fulfill({ status: answer.status, json: { error } });
        await page.route('**/api/v1/**', answerAll);
        for (const [address] of pages) {
          // Nothing that was read before may stand in for the answer.
          await page.goto(new URL(address, page.url()).href);
          if (address.endsWith('try')) await page.getByText('A sample message').waitFor();
          else await page.getByText(said).first().waitFor();
          await assertFits(page, `${address} with ${what}`);
        }
      }));

  test('a pool that was just founded has nothing yet, and each page says so and is sound', async () => {
    await using pool = await RealPool.start({ servers: 1, agents: 0 });
    const fresh = { pool, browser: place.browser, token: await makeToken(pool) };
    await inConsole(fresh, { path: '/' }, async ({ page }) => {
      for (const [address, text] of emptyPages) {
        await goTo(page, address);
        await page.getByText(text).first().waitFor();
        await assertFits(page, `${address} of a new pool`);
        // Looking at all of them takes long, and they are made of the same parts.
        if (address === '/nodes') await assertSound(page, `${address} of a new pool`);
      }
    });
  });

  test('a page that waits for the server says so', () =>
    inConsole(place, { path: '/configuration?kind=try' }, async ({ page }) => {
      await page.route('**/api/v1/**', (route) =>
        needed.test(route.request().url()) ? route.fallback() : new Promise<void>(() => {}),
      );
      for (const [address] of pages.filter(([one]) => !one.endsWith('try'))) {
        await page.goto(new URL(address, page.url()).href);
        await page
          .getByText(/Loading …|counts its messages/)
          .or(page.locator('[aria-busy="true"]'))
          .first()
          .waitFor();
      }
    }));
});

async function assertReachable(page: Page, address: string): Promise<void> {
  await page.evaluate(
    'window.stops = new Map(); document.activeElement?.blur(); window.getSelection()?.removeAllRanges()',
  );
  const stops = Number(await page.evaluate(stopsScript));
  const seen = new Set<number>();
  // A date has a stop for each of its parts, and what comes meanwhile may add some.
  for (let presses = 0; presses < stops + 20; presses += 1) {
    await page.keyboard.press('Tab');
    const focus = await page.evaluate<Focus | null>(focusScript);
    // Past the last one the focus leaves the page, as it should, and comes back in at the first.
    if (focus === null) continue;
    assert.ok(focus.hasRing, `${address}: it is not seen that this has the focus: ${focus.what}`);
    assert.ok(focus.inView, `${address}: this has the focus out of sight: ${focus.what}`);
    seen.add(focus.at);
    if (seen.size >= stops) return;
  }
  assert.fail(`${address}: ${seen.size} of ${stops} were reached`);
}
