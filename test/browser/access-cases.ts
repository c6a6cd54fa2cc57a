import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { assertSound, goTo, windows } from './axe.ts';
import { makeToken, type Operator } from './console-page.ts';
import { noChromium } from './chromium.ts';
import { inConsole, sharedPlace, type ConsolePlace, type ConsoleOptions } from './console-place.ts';

const password = 'a long night is coming';

describe('users and audit in the console', { skip: noChromium }, () => {
  let place: ConsolePlace;

  before(async () => {
    place = await sharedPlace();
  });

  const inAccess = (options: ConsoleOptions, body: (operator: Operator) => Promise<void>): Promise<void> =>
    inConsole(place, { path: '/users', ...options }, body);

  const rowOf = (page: Page, name: string) =>
    page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });

  async function choose(page: Page, name: string, action: string): Promise<void> {
    await page.getByRole('button', { name: `Change ${name}` }).click();
    await page.getByRole('menuitem', { name: action }).click();
  }

  test('a user: added with a link, signed in with it, seen, ended, disabled, and what may not be done says why', () =>
    inAccess({}, async ({ page }) => {
      await page.getByRole('button', { name: 'Add a user' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name', { exact: true }).fill('ann');
      await dialog.getByLabel('Name to show').fill('Ann of the night shift');
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      const link = await page.locator('.secret').innerText();
      assert.match(link, /^https:.*\/setup\?name=ann#/);
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await rowOf(page, 'ann').getByText('no password yet').waitFor();

      const hers = await place.browser.newContext({ ignoreHTTPSErrors: true });
      const herPage = await hers.newPage();
      await herPage.goto(link);
      await herPage.getByLabel('New password').fill(password);
      await herPage.getByLabel('Once more').fill(password);
      await herPage.getByRole('button', { name: 'Set it and sign in' }).click();
      await herPage.getByRole('heading', { name: 'Overview' }).waitFor();

      await page.getByRole('radio', { name: 'Sessions' }).check();
      await rowOf(page, 'ann').getByRole('button', { name: 'End …' }).click();
      await dialog.getByRole('button', { name: 'End it' }).click();
      await page.getByText('Nobody is signed in with a password.').waitFor();
      await herPage.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: 10_000 });
      await hers.close();

      await page.getByRole('radio', { name: 'Users' }).check();
      await choose(page, 'ann', 'Disable …');
      await dialog.getByRole('button', { name: 'Disable' }).click();
      await rowOf(page, 'ann').getByText('disabled').waitFor();
      await page.getByRole('button', { name: 'Change ann' }).click();
      const reset = page.getByRole('menuitem', { name: 'Password reset link' });
      assert.equal(await reset.getAttribute('aria-disabled'), 'true');
      assert.match(await reset.innerText(), /ann is disabled; enable it first/);
      await page.keyboard.press('Escape');
      await choose(page, 'admin', 'End all sessions');
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('button', { name: 'Change admin' }).click();
      assert.match(
        await page.getByRole('menuitem', { name: 'Remove …' }).innerText(),
        /admin is the last administrator/,
      );
    }));

  test('a user role with scopes, and a service token that is shown once', () =>
    inAccess({ path: '/users?show=roles' }, async ({ page }) => {
      const dialog = page.getByRole('dialog');
      await page.getByRole('button', { name: 'Add a user role' }).click();
      await dialog.getByLabel('Name', { exact: true }).fill('web-desk');
      await dialog.getByRole('checkbox', { name: /^operate/ }).check();
      await dialog.getByLabel('operate: Over nodes').fill('web* shop*');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await rowOf(page, 'web-desk').getByText('nodes web*, shop*').waitFor();
      await page.getByRole('button', { name: 'Change observer' }).click();
      assert.match(
        await page.getByRole('menuitem', { name: 'Rights …' }).innerText(),
        /a built-in role stays as it is/,
      );
      await page.keyboard.press('Escape');

      await page.getByRole('radio', { name: 'Service tokens' }).check();
      await page.getByRole('button', { name: 'Make a token' }).click();
      await dialog.getByLabel('Name', { exact: true }).fill('night-report');
      await dialog.getByRole('checkbox', { name: /^web-desk/ }).check();
      await dialog.getByRole('button', { name: 'Make it' }).click();
      const made = await page.locator('.secret').innerText();
      assert.match(made, /^wka1\./);
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await rowOf(page, 'night-report')
        .getByText('observer, web-desk')
        .or(page.getByText('web-desk, observer'))
        .waitFor();
      const answer = await page.request.get(`${place.pool.virtualUrl}/api/v1/nodes`, {
        headers: { authorization: `Bearer ${made}` },
      });
      assert.equal(answer.status(), 200);
      await rowOf(page, 'night-report').getByRole('button', { name: 'Revoke …' }).click();
      await dialog.getByRole('button', { name: 'Revoke' }).click();
      await rowOf(page, 'night-report').waitFor({ state: 'detached' });
    }));

  test('the audit trail: who did it, filtered by address, and verified', () =>
    inAccess({ path: '/audit?action=user.create' }, async ({ page }) => {
      await page.getByRole('row').filter({ hasText: 'user.create' }).first().waitFor();
      assert.equal(await page.getByRole('row').filter({ hasText: 'token.create' }).count(), 0);
      await page.getByRole('radio', { name: 'Refused' }).check();
      await page.getByText('Nothing of that kind was done.').waitFor();
      assert.match(page.url(), /\/audit\?action=user\.create&outcome=denied$/);
      await goTo(page, '/audit');
      await page.getByRole('row').filter({ hasText: 'token.create' }).first().waitFor();
      await page.getByRole('button', { name: 'Verify' }).click();
      await page.getByText(/^Whole: \d+ records on server-1/).waitFor();
    }));

  test('an observer is told why there is nothing to see', async () => {
    await inAccess({ token: await makeToken(place.pool, 'observer') }, async ({ page }) => {
      await page.getByText(/You may not see this: you/).waitFor();
      await goTo(page, '/audit');
      await page.getByText(/You may not see this: you/).waitFor();
    });
  });

  for (const viewport of windows)
    test(`axe finds nothing, nothing is wider than the window: ${viewport.width} px`, () =>
      inAccess({ viewport }, async ({ page }) => {
        for (const [address, text] of [
          ['/users', 'admin'],
          ['/users?show=roles', 'built in'],
          ['/users?show=tokens', 'operator-1'],
          ['/users?show=sessions', 'Nobody is signed in'],
          ['/audit', 'token.create'],
        ] as const) {
          await goTo(page, address);
          await page.getByText(text).first().waitFor();
          await assertSound(page, address);
          if (process.env['WK_LOOK'] !== undefined) {
            const name = `${address.replaceAll(/\W+/g, '-')}-${viewport.width}.png`;
            await page.screenshot({ path: `${process.env['WK_LOOK']}/${name}` });
          }
        }
        await goTo(page, '/users?show=roles');
        await page.getByRole('button', { name: 'Add a user role' }).click();
        await assertSound(page, 'the form of a user role');
      }));
});
