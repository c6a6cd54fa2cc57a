/**
 * `npm run screenshots`: pictures of every page of the console, in light and dark, of a real pool, into docs/images/.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { root } from '../runner/run-program.ts';
import { RealPool, until } from '../pool/real-pool.ts';
import { launch } from './chromium.ts';
import { makeToken, openConsole, type Operator } from './console-page.ts';
import { scene } from './scene.ts';

const flexibleText = `RESPMGRCONFIGS
  RESPMGRCONFIG DESCRIPTION "who gets what"
    MSGTARGETRULES
      MSGTARGETRULE DESCRIPTION "databases go to the desk"
        MSGTARGETRULECONDS
          MSGTARGETRULECOND DESCRIPTION "databases"
            MSGGRP "Database"
        MSGTARGETMANAGERS
          MSGTARGETMANAGER
            TIMETEMPLATE "$OPC_ALWAYS"
            OPCMGR IP 0.0.0.0 "desk.example"
`;
const folder = process.argv[2] ?? path.join(root, 'docs/images');
const sizes = {
  wide: { width: 1440, height: 900 },
  phone: { width: 360, height: 740 },
} as const;

mkdirSync(folder, { recursive: true });
await using pool = await RealPool.start({ servers: 3, agents: 3 });
const { openId } = await scene(pool);
const token = await makeToken(pool);
const browser = await launch();
await prepareConfiguration();
try {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const [size, viewport] of Object.entries(sizes)) {
      const operator = await openConsole(browser, { url: pool.virtualUrl, token, colorScheme, viewport });
      await picturesOf(operator, (name) =>
        path.join(folder, `console-${name}${size === 'wide' ? '' : `-${size}`}-${colorScheme}.png`),
      );
      await operator.close();
    }
} finally {
  await browser.close();
}

/** A policy with its nodes, and somebody beside the administrator. */
async function prepareConfiguration(): Promise<void> {
  const source = {
    kind: 'command',
    name: 'disk',
    command: ['/usr/bin/test', '-d', '/var'],
    every: '5m',
  };
  const group = { nodes: ['node-*'], policies: ['disk'] };
  const ask = async (method: string, path: string, body: unknown): Promise<void> => {
    const { status } = await fetchInPool(method, path, body);
    if (status !== 200) throw new Error(`${path} answered ${status}`);
  };
  await ask('PUT', '/api/v1/policies/disk', { source });
  await ask('PUT', '/api/v1/node-groups/all', group);
  await ask('POST', '/api/v1/users', {
    name: 'ann',
    displayName: 'Ann of the night shift',
    roles: ['operator'],
  });
}

async function fetchInPool(method: string, path: string, data: unknown): Promise<{ status: number }> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const headers = { authorization: `Bearer ${token}` };
  const answer = await context.request.fetch(pool.virtualUrl + path, { method, headers, data });
  const status = answer.status();
  await context.close();
  return { status };
}

async function picturesOf({ page }: Operator, file: (name: string) => string): Promise<void> {
  const shoot = async (name: string): Promise<void> => {
    await page.screenshot({ path: file(name) });
  };
  const at = async (address: string): Promise<void> => {
    await page.evaluate(
      `history.pushState(null, '', ${JSON.stringify(address)}); dispatchEvent(new PopStateEvent('popstate'))`,
    );
  };
  await page.getByRole('row').nth(8).waitFor();
  await page.getByText('Connected again').waitFor({ state: 'hidden' });
  for (const row of [2, 3, 5]) await page.getByRole('row').nth(row).getByRole('checkbox').click();
  await shoot('messages');
  await page.getByRole('button', { name: 'Clear selection' }).click();
  await at(`/messages/${openId}`);
  await page.getByText('What happened').waitFor();
  await until('the history is there', async () => (await page.locator('.history li').count()) > 3, 5_000);
  await shoot('message');
  await at('/pool');
  await page.getByText('Changes of holders').waitFor();
  await until('the history is there', async () => (await page.locator('meter').count()) > 0, 5_000);
  await shoot('pool');
  await page.getByRole('button', { name: 'Change virtual-interface/main' }).first().click();
  await shoot('pool-menu');
  await page.getByRole('menuitem', { disabled: false }).first().click();
  await page.getByText('The last planned change').waitFor();
  await shoot('pool-move');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await at('/nodes');
  await page.getByRole('link', { name: 'node-1' }).waitFor();
  await shoot('nodes');
  await at('/configuration?kind=policy&name=disk');
  await page.getByText('Nothing is wrong with it.').waitFor();
  await page.getByLabel('Every', { exact: true }).fill('1m');
  await page.getByText('every: 5m -> 1m').waitFor();
  await shoot('configuration');
  await at('/configuration?kind=try');
  await page.getByLabel('Text of flexible management').fill(flexibleText);
  await page.locator('.is-deciding').waitFor();
  await shoot('flexible');
  await at('/users');
  await page.getByRole('rowheader', { name: 'ann' }).waitFor();
  await shoot('users');
  await at('/audit');
  await page.getByText('role.move').first().waitFor();
  await shoot('audit');
  await at('/');
  await page.waitForTimeout(1_500);
  await shoot('overview');
  await at('/messages');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await shoot('keys');
}
