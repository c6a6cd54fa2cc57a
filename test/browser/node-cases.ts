import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { until } from '../pool/real-pool.ts';
import { assertSound } from './axe.ts';
import type { Operator } from './console-page.ts';
import { noChromium } from './chromium.ts';
import { inConsole, sharedPlace, type ConsolePlace } from './console-place.ts';
import { report } from './reporter.ts';

describe('nodes and tools in the console', { skip: noChromium }, () => {
  let place: ConsolePlace;

  before(async () => {
    place = await sharedPlace();
  });

  const inNodes = (path: string, body: (operator: Operator) => Promise<void>): Promise<void> =>
    inConsole(place, { path }, body);

  async function put(path: string, data: unknown): Promise<void> {
    const { pool, browser, token } = place;
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const headers = { authorization: `Bearer ${token}` };
    const answer = await context.request.put(`${pool.virtualUrl}/api/v1/${path}`, { headers, data });
    assert.equal(answer.status(), 200, await answer.text());
    await context.close();
  }

  test('policies, groups and tools are there', async () => {
    await put('policies/disk', {
      source: { kind: 'command', name: 'disk', command: ['/usr/bin/test', '-d', '/var'], every: '1h' },
    });
    await put('policies/usage', {
      source: {
        kind: 'command',
        name: 'usage',
        command: ['/bin/sh', '-c', 'echo "/var is 91 % full"; exit 2'],
        every: '1h',
        operatorAction: { command: ['/bin/echo', 'looked at:', '${text}'], states: ['critical'] },
      },
    });
    await put('node-groups/web', { nodes: ['node-1'], policies: ['disk', 'usage'] });
    await put('tools/say', {
      source: {
        description: 'Says something, and something else on its second output',
        command: ['/bin/sh', '-c', 'echo "said: $0"; echo aside >&2', '${words}'],
        parameters: { words: { type: 'text', description: 'What it says' } },
      },
    });
  });

  test('what a node should run and whether it does; by groups; drift alone', () =>
    inNodes('/nodes', async ({ page }) => {
      const row = page.getByRole('row').filter({ hasText: 'node-1' });
      await row.getByText('runs 2 policies').waitFor({ timeout: 20_000 });
      await assertSound(page, 'nodes as a table');
      await page.getByRole('radio', { name: 'Groups' }).check();
      await page.getByRole('group').filter({ hasText: 'web' }).getByText('1 node', { exact: true }).waitFor();
      await page.locator('summary').filter({ hasText: 'web' }).click();
      await page.getByRole('row').filter({ hasText: 'node-1' }).waitFor();
      assert.match(page.url(), /look=groups/);
      await assertSound(page, 'nodes by groups');
      await page.getByRole('radio', { name: 'Drifted' }).check();
      await page.getByText('Every node runs the policies that it should.').waitFor();
    }));

  test('a tool runs on the selected nodes, and what it prints comes in', () =>
    inNodes('/nodes', async ({ page }) => {
      await page.getByRole('checkbox', { name: 'Select all 2' }).check();
      await page.getByRole('button', { name: 'Run a tool' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('What it says').fill('$(id) "quoted"');
      await assertSound(page, 'a tool to be run');
      await dialog.getByRole('button', { name: 'Run it' }).click();
      await dialog.getByText('2 done').waitFor({ timeout: 20_000 });
      await dialog.getByText('node-2').click();
      // No shell of ours was in between: what was given is one argument, whatever it looks like.
      await dialog.getByText('said: $(id) "quoted"').waitFor();
      await dialog.locator('.is-stderr', { hasText: 'aside' }).waitFor();
      await assertSound(page, 'what a tool printed');
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await page.getByRole('row').filter({ hasText: 'say' }).getByText('2 done').waitFor();
    }));

  test('what a policy offers for its message is done at the press of a button, and told with it', () =>
    inNodes('/messages', async ({ page }) => {
      await page.getByRole('row').filter({ hasText: '/var is 91 % full' }).click();
      const pane = page.getByRole('complementary');
      const offer = pane.getByRole('region', { name: 'Offered by the policy' });
      await offer.getByText('/bin/echo looked at: /var is 91 % full').waitFor();
      await assertSound(page, 'an action that is offered');
      await offer.getByRole('button').click();
      await pane
        .locator('.history-text', { hasText: 'looked at: /var is 91 % full' })
        .waitFor({ timeout: 20_000 });
    }));

  test('on a message: the result is with it', async () => {
    const [agent] = place.pool.agents;
    assert.ok(agent);
    const [id = ''] = await report(agent, [{ severity: 'major', text: 'look at me' }]);
    await inNodes(`/messages/${id}`, async ({ page }) => {
      const pane = page.getByRole('complementary');
      await until('it is there', async () => (await pane.getByText('look at me').count()) > 0, 5_000);
      await pane.getByRole('button', { name: 'Run a tool' }).click();
      await page.getByLabel('What it says').fill('hello');
      await page.getByRole('dialog').getByRole('button', { name: 'Run it' }).click();
      await page.getByRole('dialog').getByText('said: hello').waitFor({ timeout: 20_000 });
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
      await pane.getByText('Run for it').waitFor();
      await pane.locator('.history-text', { hasText: 'said: hello' }).waitFor();
    });
  });
});
