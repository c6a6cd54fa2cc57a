import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { messageDetailSchema } from '../../src/model/api.ts';
import { userAnswerSchema } from '../../src/model/users-api.ts';
import { roleViewSchema } from '../../src/model/role-api.ts';
import { RealPool, until } from '../pool/real-pool.ts';
import { assertSound, goTo, windows } from './axe.ts';
import { launch, noChromium } from './chromium.ts';
import { makeToken, type Operator } from './console-page.ts';
import { inConsole as openFor, type ConsoleOptions } from './console-place.ts';
import { report } from './reporter.ts';
import { scene } from './scene.ts';

describe('the console', { skip: noChromium }, () => {
  let pool: RealPool;
  let browser: Browser;
  let token: string;
  let openId: string;

  before(async () => {
    pool = await RealPool.start({ servers: 3, agents: 3 });
    ({ openId } = await scene(pool));
    token = await makeToken(pool);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await pool?.[Symbol.asyncDispose]();
  });

  const inConsole = (options: ConsoleOptions, body: (operator: Operator) => Promise<void>): Promise<void> =>
    openFor({ pool, browser, token }, options, body);

  const rowOf = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text });

  test('signing in: by a setup link, by name and password, by a token; what is wrong is said', async () => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const made = await context.request.post(`${pool.virtualUrl}/api/v1/users`, {
      headers: { authorization: `Bearer ${token}` },
      data: { name: 'ann', roles: ['operator'] },
    });
    const { setup } = userAnswerSchema.parse(await made.json());
    const page = await context.newPage();
    await page.goto(pool.virtualUrl + (setup?.path ?? ''));
    await page.getByLabel('New password').fill('a long night is coming');
    await page.getByLabel('Once more').fill('a long night is coming');
    await page.getByRole('button', { name: 'Set it and sign in' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.getByRole('button', { name: 'Display and account' }).click();
    await page.getByText('Signed in as ann.').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Name').fill('ann');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Not signed in:').waitFor();
    await page.getByLabel('Password').fill('a long night is coming');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Messages', exact: true }).click();
    await rowOf(page, 'UPS of rack 3').first().waitFor();
    await context.close();
    await inConsole({}, async (operator) => {
      await rowOf(operator.page, 'UPS of rack 3').first().waitFor();
      assert.equal(operator.page.url(), `${pool.virtualUrl}/messages`);
    });
  });

  test('what an agent reports is there within a second, at its place, by word, shape and colour', () =>
    inConsole({}, async ({ page }) => {
      await page.getByText('live · ').waitFor();
      const [agent] = pool.agents;
      assert.ok(agent);
      const startedMs = Date.now();
      await report(agent, [{ severity: 'critical', text: 'just now', group: 'live' }]);
      const row = rowOf(page, 'just now');
      await row.waitFor();
      assert.ok(Date.now() - startedMs < 1_500, `${Date.now() - startedMs} ms`);
      assert.equal(await row.getAttribute('aria-rowindex'), '2');
      assert.equal(await row.locator('.chip').innerText(), 'critical');
      assert.equal(await row.locator('.chip svg').count(), 1);
    }));

  test('filters stand in the address and survive it; nothing else is shown', () =>
    inConsole({ path: '/messages?state=all&severity=critical&text=UPS' }, async ({ page }) => {
      await rowOf(page, 'UPS of rack 3').first().waitFor();
      assert.equal(await page.getByRole('row').count(), 5);
      await page.keyboard.press('/');
      await page.keyboard.type('x');
      await page.getByText('No message passes these filters.').waitFor();
      assert.match(page.url(), /text=(?:xUPS|UPSx)/);
      await page.getByRole('button', { name: 'Clear filters' }).last().click();
      await rowOf(page, 'rotate finished').first().waitFor();
      assert.ok(page.url().endsWith('/messages?state=all'));
    }));

  test('a view is saved under a name, chosen again, and removed', () =>
    inConsole({ path: '/messages?state=all&severity=critical' }, async ({ page }) => {
      const views = page.getByRole('button', { name: 'Saved views' });
      await views.click();
      await page.getByRole('menuitem', { name: 'Save this view' }).click();
      await page.getByLabel('Name of the view').fill('night');
      await page.getByRole('button', { name: 'Save it' }).click();
      await views.getByText('night').waitFor();
      await page.getByRole('button', { name: 'Clear filters' }).first().click();
      await views.getByText('Views').waitFor();
      await page.reload();
      await views.click();
      await page.getByRole('menuitem', { name: 'night' }).click();
      assert.ok(page.url().endsWith('/messages?state=all&severity=critical'));
      await views.click();
      await page.getByRole('menuitem', { name: 'Remove the view night' }).click();
      await views.getByText('Views').waitFor();
    }));

  test('by keyboard: down, select, own, annotate, acknowledge; the details tell all of it', () =>
    inConsole({ path: '/messages?text=bond0' }, async ({ page }) => {
      await rowOf(page, 'eth1 of bond0').first().waitFor();
      const open = await page.getByRole('row').count();
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.getByText('What happened').waitFor();
      const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
      await page.keyboard.press('o');
      await page.getByText(/^token operator-\d+ owns it$/).waitFor();
      await page.keyboard.press('n');
      await page.getByLabel('What others should know').fill('cable was loose');
      await page.getByRole('dialog').getByRole('button', { name: 'Annotate' }).click();
      await page.locator('.history-text', { hasText: 'cable was loose' }).waitFor();
      await page.keyboard.press('a');
      await page.getByText(/acknowledged it$/).waitFor();
      await until(
        'it left the open ones',
        async () => (await page.getByRole('row').count()) === open - 1,
        5_000,
      );
      const answer = await pool.virtual.get(`/api/v1/messages/${id}`);
      const { message, operations } = messageDetailSchema.parse(answer);
      assert.equal(message.state, 'acknowledged');
      assert.deepEqual(
        operations.map(({ kind }) => kind),
        ['own', 'annotate', 'acknowledge'],
      );
    }));

  test('many at once: a result for all, and the selection is over', () =>
    inConsole({ path: '/messages?text=certificate' }, async ({ page }) => {
      await rowOf(page, 'The certificate of').first().waitFor();
      const shown = (await page.getByRole('row').count()) - 1;
      await page.keyboard.press('j');
      for (let at = 1; at < shown; at += 1) await page.keyboard.press('Shift+ArrowDown');
      await page.getByText(`${shown} selected`).waitFor();
      await page.getByRole('button', { name: /^Acknowledge/ }).click();
      await page.getByText(`Acknowledged ${shown} messages`).waitFor();
      await page.getByText('stored twice').waitFor();
      await page.getByText('No message passes these filters.').waitFor();
      assert.equal(await page.getByText('selected').count(), 0);
    }));

  test('what says the same is one row with its number, live; it unfolds, and is acknowledged at once', () =>
    inConsole({ path: '/messages?group=repeats' }, async ({ page }) => {
      const [agent] = pool.agents;
      assert.ok(agent);
      const say = (percent: number) =>
        report(agent, [
          { severity: 'warning', group: 'repeats', key: 'disk:/srv', text: `/srv is ${percent} % full` },
        ]);
      for (const percent of [81, 82, 83]) await say(percent);
      await rowOf(page, '/srv is 83').waitFor();
      await page.getByRole('button', { name: 'Group repeats' }).click();
      await rowOf(page, '/srv is 83 % full').filter({ hasText: '×3' }).waitFor();
      assert.equal(await rowOf(page, '/srv is').count(), 1);
      await say(84);
      await rowOf(page, '/srv is 84 % full').filter({ hasText: '×4' }).waitFor();
      assert.equal(await rowOf(page, '/srv is').count(), 1);
      await page.getByRole('button', { name: 'Show all 4 that say the same' }).click();
      await rowOf(page, '/srv is 81').waitFor();
      assert.equal(await rowOf(page, '/srv is').count(), 4);
      await page.keyboard.press('e');
      await rowOf(page, '×4').waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('a');
      await page.getByText('Acknowledged 4 messages').waitFor();
      await page.getByText('No message passes these filters.').waitFor();
    }));

  test('two people at one message see what the other did, at once', () =>
    inConsole({ path: `/messages/${openId}` }, async (ann) =>
      inConsole({ path: `/messages/${openId}`, url: pool.servers[1]?.url ?? '' }, async (bob) => {
        await bob.page.getByText('What happened').waitFor();
        await ann.page.getByText('What happened').waitFor();
        await ann.page
          .getByRole('complementary')
          .getByRole('button', { name: /^Acknowledge/ })
          .click();
        await bob.page
          .getByRole('definition')
          .filter({ hasText: 'acknowledged by token' })
          .waitFor({ timeout: 5_000 });
        const button = bob.page.getByRole('complementary').getByRole('button', { name: /^Acknowledge/ });
        assert.equal(await button.getAttribute('aria-disabled'), 'true');
        assert.match(await button.innerText(), /it was acknowledged by token operator-\d+ already/);
        await bob.page.getByRole('button', { name: 'Open again' }).click();
        await ann.page.getByText(/opened it again$/).waitFor({ timeout: 5_000 });
      }),
    ));

  test('paused: nothing moves, what changed is counted, and all of it comes when one goes on', () =>
    inConsole({ path: '/messages?text=while%20paused' }, async ({ page }) => {
      await page.getByText('No message passes these filters.').waitFor();
      await page.keyboard.press('p');
      const [agent] = pool.agents;
      assert.ok(agent);
      await report(
        agent,
        [1, 2, 3].map((n) => ({ severity: 'minor', text: `while paused ${n}` })),
      );
      await page.getByRole('button', { name: 'Go on · 3 changed' }).waitFor();
      assert.equal(await rowOf(page, 'while paused').count(), 0);
      await page.keyboard.press('p');
      await rowOf(page, 'while paused 3').waitFor();
      assert.equal(await rowOf(page, 'while paused').count(), 3);
    }));

  test('the pool: who holds what, and a move by menu, with preview, to its end', () =>
    inConsole({ path: '/pool' }, async ({ page }) => {
      const role = 'virtual-interface/main';
      const answer = await pool.virtual.get(`/api/v1/roles/${encodeURIComponent(role)}`);
      const from = roleViewSchema.parse(answer).holderName ?? '';
      const to = from === 'server-2' ? 'server-3' : 'server-2';
      const cardOf = (name: string) =>
        page.getByRole('article').filter({ has: page.getByRole('heading', { name }) });
      await page.getByText('Everything is stored twice').waitFor();
      await cardOf(from)
        .getByRole('button', { name: `Change ${role}` })
        .click();
      const there = page.getByRole('menuitem', { name: `Move to ${from}` });
      assert.equal(await there.getAttribute('aria-disabled'), 'true');
      await page.getByRole('menuitem', { name: `Move to ${to}` }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText(`It goes from ${from} to ${to}.`).waitFor();
      await dialog.getByText('This page is connected through it').waitFor();
      await dialog.getByRole('button', { name: 'Move it' }).click();
      await dialog.getByText(new RegExp(`${to} holds it\\. Nobody held it for [\\d.]+ m?s\\.`)).waitFor();
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await cardOf(to).getByText('main', { exact: true }).waitFor();
      await page.getByText('moved by an operator').first().waitFor();
    }));

  test('a drill: preview, the holder is lost, another takes over, all is counted, and nothing is missing', () =>
    inConsole({ path: '/pool' }, async ({ page }) => {
      await page.getByText('Everything is stored twice').waitFor();
      await page.getByRole('button', { name: 'Start a drill' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('is killed, as a crash would').waitFor();
      await dialog.getByText('It holds').waitFor();
      await assertSound(page, 'drill');
      const kill = dialog.getByRole('button', { name: /^Kill server-\d now$/ });
      await until(
        'the pool is whole',
        async () => (await kill.getAttribute('aria-disabled')) === 'false',
        20_000,
      );
      const killed = /server-\d/.exec(await kill.innerText())?.[0] ?? '';
      await kill.click();
      await dialog.getByText(/holds acting, nobody did for/).waitFor({ timeout: 30_000 });
      await dialog.getByText(`${killed} was back, with everything`).waitFor({ timeout: 60_000 });
      await dialog.getByText('are on every one of 3 servers').waitFor();
      await dialog.getByText('none: no agent reported a gap').waitFor();
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await page.getByRole('button', { name: 'acting' }).first().click();
      await page.getByText('killed in a drill').first().waitFor();
    }));

  test('an observer sees everything and is told why nothing may be changed', async () => {
    await inConsole(
      { token: await makeToken(pool, 'observer'), path: '/messages?text=UPS' },
      async ({ page }) => {
        await rowOf(page, 'UPS of rack 3').first().waitFor();
        await page.keyboard.press('j');
        await page.keyboard.press('a');
        await page.getByRole('alert').filter({ hasText: 'Not possible: you' }).waitFor();
        assert.ok((await rowOf(page, 'UPS of rack 3').count()) > 0);
      },
    );
  });

  for (const viewport of windows)
    test(`axe finds nothing, nothing is wider than the window: ${viewport.width} px`, () =>
      inConsole({ viewport }, async ({ page }) => {
        await page.getByRole('row').nth(3).waitFor();
        for (const [address, text] of [
          ['/messages?grouped=true', 'Group repeats'],
          [`/messages/${openId}`, 'What happened'],
          ['/pool', 'Changes of holders'],
          ['/nodes', 'node-3'],
          ['/', 'What changed in the last hour'],
        ] as const) {
          await goTo(page, address);
          await page.getByText(text).first().waitFor();
          await assertSound(page, address);
        }
        await page.keyboard.press('?');
        await page.getByRole('dialog').waitFor();
        await assertSound(page, 'keys');
      }));
});
