import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { messageDetailSchema } from '../../src/model/api.ts';
import { noChromium } from './chromium.ts';
import { inConsole, sharedPlace, type ConsolePlace } from './console-place.ts';

const operations = '**/api/v1/operations';

describe('what became of an operation is told as it is', { skip: noChromium }, () => {
  let place: ConsolePlace;

  before(async () => {
    place = await sharedPlace();
  });

  test('no answer came: it is unknown, and asked again it is done once', () =>
    inConsole(place, { path: '/messages' }, async ({ page }) => {
      // The server does it, and its answer gets lost on the way.
      await page.route(operations, async (route) => {
        await route.fetch();
        await route.abort();
      });
      const id = await pressOnNewest(page, 'o');
      await page.getByText('Unknown whether it was done: Own, 1 message').waitFor();
      await page.unroute(operations);
      await page.getByRole('button', { name: 'Ask again now' }).click();
      await page.getByText('Owned 1 message').waitFor();
      const { operations: done } = messageDetailSchema.parse(
        await place.pool.virtual.get(`/api/v1/messages/${id}`),
      );
      assert.deepEqual(
        done.map(({ kind }) => kind),
        ['own'],
      );
    }));

  test('refused: it says what was not done and why, until somebody has seen it', () =>
    inConsole(place, { path: '/messages' }, async ({ page }) => {
      const error = { code: 'WK_DENIED', text: 'not for you', retry: false };
      await page.route(operations, (route) => route.fulfill({ status: 403, json: { error } }));
      await pressOnNewest(page, 'a');
      const tray = page.getByRole('log');
      await tray.getByText('Not done: Acknowledge, 1 message').waitFor();
      await tray.getByText('not for you').waitFor();
      await tray.getByRole('button', { name: 'Dismiss' }).click();
      await tray.getByText('not for you').waitFor({ state: 'detached' });
    }));
});

/** Opens the newest and presses the key of an operation there. Its ID. */
async function pressOnNewest(page: Page, key: string): Promise<string> {
  await page.getByRole('row').nth(1).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByText('What happened').waitFor();
  await page.keyboard.press(key);
  return new URL(page.url()).pathname.split('/').at(-1) ?? '';
}
