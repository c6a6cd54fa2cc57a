import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { roleViewSchema } from '../../src/model/role-api.ts';
import { signal } from '../pool/managed-process.ts';
import { childrenOf } from '../pool/process-table.ts';
import { RealPool, until } from '../pool/real-pool.ts';
import { SilenceProbe } from '../pool/silence-probe.ts';
import { launch, noChromium } from './chromium.ts';
import { makeToken, openConsole } from './console-page.ts';
import { report } from './reporter.ts';

const role = 'virtual-interface/main';
/** From the address answering again to the page being live, with room for a machine that does other things too. */
const backMsMax = 2_000;

describe('the console, when the server behind it is killed', { skip: noChromium }, () => {
  let pool: RealPool;
  let browser: Browser;

  before(async () => {
    pool = await RealPool.start({ servers: 3, agents: 1 });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await pool?.[Symbol.asyncDispose]();
  });

  test('the page goes on where it was: filter, selection, what was being written, every message once', async (context) => {
    const [agent] = pool.agents;
    assert.ok(agent);
    await report(agent, [{ severity: 'major', text: 'steady 0' }]);
    const token = await makeToken(pool);
    const search = '?state=all&text=steady';
    const { page, faults } = await openConsole(browser, {
      url: pool.virtualUrl,
      token,
      path: `/messages${search}`,
    });
    const rows = page.getByRole('row').filter({ hasText: /steady \d/ });
    await rows.first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.keyboard.press('n');
    await page.getByLabel('What others should know').fill('half a sentence');

    const ending = new AbortController();
    let sent = 0;
    const sending = (async () => {
      while (!ending.signal.aborted) {
        sent += 1;
        await report(agent, [{ severity: 'minor', text: `steady ${sent}` }]);
        await sleep(60);
      }
    })();
    await until('messages arrive', async () => (await rows.count()) > 5, 10_000);

    await using probe = new SilenceProbe(pool.virtualPort);
    const { holderName } = roleViewSchema.parse(
      await pool.virtual.get(`/api/v1/roles/${encodeURIComponent(role)}`),
    );
    const holder = pool.servers.find(({ name }) => name === holderName);
    const [serverProcess] = childrenOf(holder?.process.pid ?? 0);
    assert.ok(serverProcess !== undefined);
    signal(serverProcess, 'SIGKILL');
    await until('the address went silent', () => !probe.answers, 5_000, 2);
    await until('the address answers again', () => probe.answers, 20_000, 5);
    const answersMs = performance.now();
    await page.locator('.pill.is-live').waitFor({ state: 'attached', timeout: 15_000 });
    const shown = await rows.count();
    await until('new messages are shown', async () => (await rows.count()) > shown, 15_000, 20);
    const backMs = performance.now() - answersMs;
    context.diagnostic(`${Math.round(backMs)} ms after the address answered, new messages were shown`);
    assert.ok(backMs < backMsMax, `${Math.round(backMs)} ms`);

    ending.abort();
    await sending;
    assert.equal(await page.getByLabel('What others should know').inputValue(), 'half a sentence');
    await page.getByRole('dialog').getByRole('button', { name: 'Annotate' }).click();
    await page.getByText('Annotated 1 message').waitFor();
    await page.getByText('1 selected').waitFor();
    assert.ok(page.url().endsWith(search));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Home');
    await until(
      'all are shown',
      async () => new RegExp(`steady ${sent}$`, 'm').test(await rows.first().innerText()),
      10_000,
    );
    const texts = await textsOf(page, sent);
    assert.deepEqual(
      texts,
      Array.from({ length: sent + 1 }, (_, at) => `steady ${sent - at}`),
    );
    assert.deepEqual(faults, []);
  });
});

describe('the console of a pool without a virtual interface', { skip: noChromium }, () => {
  test('its server is lost: the page goes on at another by itself, with filter, selection and sign-in', async () => {
    await using pool = await RealPool.start({ servers: 2, agents: 1 });
    const [first, second] = pool.servers;
    const [agent] = pool.agents;
    assert.ok(first && second && agent);
    await pool.command('virtual-interface', 'remove', 'main', '--config', first.config);
    await report(agent, [{ severity: 'major', text: 'stays selected' }]);
    const token = await makeToken(pool);
    const browser = await launch();
    try {
      const { page } = await openConsole(browser, { url: first.url, token, path: '/messages?text=stays' });
      await page.getByRole('row').filter({ hasText: 'stays selected' }).waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('x');
      await page.waitForResponse(
        async (answer) =>
          answer.url().endsWith('/api/v1/pool') && !(await answer.text()).includes('virtual-interface/'),
      );
      await first.process.stop();
      await page.getByText(/going on at server-2 in \d+ s/).waitFor({ timeout: 30_000 });
      await page.waitForURL(`${second.url}/messages?text=stays`, { timeout: 30_000 });
      await page.getByRole('row').filter({ hasText: 'stays selected' }).waitFor();
      await page.getByText('1 selected').waitFor();
    } finally {
      await browser.close();
    }
  });
});

/** The texts of all rows, read by scrolling, in the order in which they stand; a row that stood twice would be there twice. */
async function textsOf(page: Page, most: number): Promise<string[]> {
  const byIndex = new Map<number, string>();
  await until(
    'every row was seen',
    async () => {
      for (const row of await page.getByRole('row').all()) {
        const at = Number(await row.getAttribute('aria-rowindex'));
        const text = /steady \d+/.exec(await row.innerText())?.[0];
        if (text !== undefined) byIndex.set(at, text);
      }
      await page.evaluate("document.querySelector('.grid').scrollBy(0, 400)");
      return byIndex.size > most;
    },
    60_000,
    50,
  );
  return [...byIndex].sort(([a], [b]) => a - b).map(([, text]) => text);
}
