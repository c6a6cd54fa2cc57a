import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { assertSound, goTo, windows } from './axe.ts';
import { makeToken, type Operator } from './console-page.ts';
import { noChromium } from './chromium.ts';
import { inConsole, sharedPlace, type ConsolePlace, type ConsoleOptions } from './console-place.ts';

const flexible = `RESPMGRCONFIGS
  RESPMGRCONFIG DESCRIPTION "the desk"
    MSGTARGETRULES
      MSGTARGETRULE DESCRIPTION "critical to the desk"
        MSGTARGETRULECONDS
          MSGTARGETRULECOND DESCRIPTION "critical"
            SEVERITY Critical
        MSGTARGETMANAGERS
          MSGTARGETMANAGER
            TIMETEMPLATE "$OPC_ALWAYS"
            OPCMGR IP 0.0.0.0 "desk.example"
`;

describe('the configuration in the console', { skip: noChromium }, () => {
  let place: ConsolePlace;

  before(async () => {
    place = await sharedPlace();
  });

  const inConfiguration = (
    options: ConsoleOptions,
    body: (operator: Operator) => Promise<void>,
  ): Promise<void> => inConsole(place, { path: '/configuration', ...options }, body);

  const save = (page: Page) => page.getByRole('button', { name: /^Save/ });
  const preview = (page: Page) => page.locator('.definition-preview');

  async function add(page: Page, name: string): Promise<void> {
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByRole('heading', { name }).waitFor();
  }

  test('a policy and its group: written by form, wrong as text, previewed on its nodes, brought back', () =>
    inConfiguration({}, async ({ page }) => {
      await add(page, 'disk');
      await page.getByLabel('Every').fill('5m');
      await preview(page).getByText('every: (nothing) -> 5m').waitFor();
      await save(page).click();
      await page.getByText('Saved.').waitFor();

      await page.getByRole('link', { name: /^Node groups/ }).click();
      await add(page, 'all');
      await page.getByLabel(/^Nodes, as patterns/).fill('node-*');
      await page.getByLabel(/^Policies/).fill('none-such');
      await preview(page)
        .getByText(/It would be refused: .*none-such/)
        .waitFor();
      assert.match((await save(page).getAttribute('title')) ?? '', /none-such/);
      await page.getByLabel(/^Policies/).fill('disk');
      await preview(page).getByText('2 nodes would run something else.').waitFor();
      assert.equal(await preview(page).getByText('gets disk').count(), 2);
      await save(page).click();
      await page.getByText('Saved.').waitFor();

      await goTo(page, '/configuration?kind=policy&name=disk');
      await page.getByRole('radio', { name: 'Text' }).check();
      const text = page.getByLabel('As it stands in a file');
      await text.fill((await text.inputValue()).replace('every: 5m', 'evry: 10m'));
      await page.getByRole('button', { name: /^Line \d+$/ }).waitFor();
      await preview(page)
        .getByText(/evry: is not a known key; did you mean every/)
        .waitFor();
      assert.equal(await save(page).getAttribute('aria-disabled'), 'true');
      await text.fill((await text.inputValue()).replace('evry: 10m', 'every: 10m'));
      await preview(page).getByText('every: 5m -> 10m').waitFor();
      assert.equal(await preview(page).getByText('disk changed').count(), 2);
      await save(page).click();
      await page.getByText('Saved.').waitFor();

      await page.getByRole('radio', { name: 'History' }).check();
      await page.getByText('every: 5m -> 10m').waitFor();
      await page.getByRole('button', { name: 'Bring back' }).last().click();
      await preview(page).getByText('every: 10m -> 5m').waitFor();
      await save(page).click();
      await page.getByText('Saved.').waitFor();
      await page.getByRole('radio', { name: 'Form' }).check();
      assert.equal(await page.getByLabel('Every').inputValue(), '5m');
    }));

  test('two at once: the second is told what the first changed, and nothing is lost', () =>
    inConfiguration({ path: '/configuration?kind=node-group&name=all' }, async (ann) =>
      inConfiguration({ path: '/configuration?kind=node-group&name=all' }, async (bob) => {
        const nodes = (page: Page) => page.getByLabel(/^Nodes, as patterns/);
        await nodes(ann.page).fill('node-*\nweb*');
        await nodes(bob.page).fill('node-*\ndb*');
        await preview(bob.page).getByText(/nodes/).first().waitFor();
        await preview(ann.page).getByText('Nothing is wrong with it.').waitFor();
        await save(ann.page).click();
        await ann.page.getByText('Saved.').waitFor();
        await preview(bob.page).getByText('Nothing is wrong with it.').waitFor();
        await save(bob.page).click();
        await bob.page.getByText(/Not saved: .*token operator-\d+ changed nodes/).waitFor();
        assert.equal(await nodes(bob.page).inputValue(), 'node-*\ndb*');
        await bob.page.getByRole('button', { name: 'Put mine on top' }).click();
        await preview(bob.page).getByText('web* -> node-*').waitFor();
        await save(bob.page).click();
        await bob.page.getByText('Saved.').waitFor();
      }),
    ));

  test('flexible management: checked as one types, and explained for a message at a time', () =>
    inConfiguration({ path: '/configuration?kind=try' }, async ({ page }) => {
      const text = page.getByLabel('Text of flexible management');
      await text.fill(flexible);
      await page.getByText(/It goes to .*desk\.example/).waitFor();
      await page.locator('.is-deciding').getByText('critical to the desk').waitFor();
      await page.locator('.sample select').selectOption('minor');
      await page.getByText(/No rule decides/).waitFor();
      await page.getByText('SEVERITY does not fit').waitFor();
      await text.fill(flexible.replace('TIMETEMPLATE', 'TIMETEMPLAT'));
      await page.getByRole('button', { name: 'Line 10' }).first().click();
      const selected = await page.evaluate(
        '(({ activeElement: { value, selectionStart, selectionEnd } }) => value.slice(selectionStart, selectionEnd))(document)',
      );
      assert.match(String(selected), /TIMETEMPLAT /);
    }));

  test('an observer is told why', async () => {
    await inConfiguration({ token: await makeToken(place.pool, 'observer') }, async ({ page }) => {
      await page.getByText(/You may not see this: you/).waitFor();
    });
  });

  for (const viewport of windows)
    test(`axe finds nothing, nothing is wider than the window: ${viewport.width} px`, () =>
      inConfiguration({ viewport }, async ({ page }) => {
        for (const [address, text] of [
          ['/configuration', 'Choose a definition'],
          ['/configuration?kind=policy&name=disk', 'Nothing is wrong with it.'],
          ['/configuration?kind=role&name=acting', 'Nothing is wrong with it.'],
          ['/configuration?kind=try', 'A sample message'],
        ] as const) {
          await goTo(page, address);
          await page.getByText(text).first().waitFor();
          if (address.endsWith('try')) {
            await page.getByLabel('Text of flexible management').fill(flexible);
            await page.locator('.is-deciding').waitFor();
          }
          if (process.env['WK_LOOK'] !== undefined) {
            const name = `${address.replaceAll(/\W+/g, '-')}-${viewport.width}.png`;
            await page.screenshot({ path: `${process.env['WK_LOOK']}/${name}` });
          }
          await assertSound(page, address);
        }
      }));
});
