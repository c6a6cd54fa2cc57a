/**
 * `npm run screenshots`: pictures of every page of the console, in light and dark, of a real pool, into docs/images/.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { BrowserContext } from 'playwright-core';
import { userAnswerSchema } from '../../src/model/users-api.ts';
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
const toolKey = '01a22a9b-c076-7d9b-988d-0697d4bb3644';
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
const setupPath = await prepareConfiguration();
try {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const [size, viewport] of Object.entries(sizes)) {
      const file = (name: string): string =>
        path.join(folder, `console-${name}${size === 'wide' ? '' : `-${size}`}-${colorScheme}.png`);
      await picturesOfDoors(
        await browser.newContext({ ignoreHTTPSErrors: true, viewport, colorScheme }),
        file,
      );
      const operator = await openConsole(browser, { url: pool.virtualUrl, token, colorScheme, viewport });
      await picturesOf(operator, file);
      await operator.close();
    }
} finally {
  await browser.close();
}

/** A policy with its nodes, and somebody beside the administrator: the path of the link that lets them in. */
async function prepareConfiguration(): Promise<string> {
  const source = {
    kind: 'command',
    name: 'disk',
    command: ['/bin/sh', '-c', 'echo "DISK CRITICAL: 2 % of /var left"; exit 2'],
    every: '5m',
    operatorAction: { tool: 'disk-use', parameters: { path: '/var' }, states: ['critical'] },
  };
  const group = { nodes: ['node-*'], policies: ['disk'] };
  const ask = async (method: string, path: string, body: unknown): Promise<void> => {
    const { status } = await fetchInPool(method, path, body);
    if (status !== 200) throw new Error(`${path} answered ${status}`);
  };
  await ask('PUT', '/api/v1/tools/disk-use', {
    source: {
      description: 'How much of a disk is in use',
      command: ['/usr/bin/df', '-h', '${path}'],
      parameters: { path: { type: 'text', description: 'Path on that disk', default: '/' } },
    },
  });
  await ask('PUT', '/api/v1/policies/disk', { source });
  await ask('PUT', '/api/v1/node-groups/all', group);
  await until('the tool ran', async () => (await runTool()) === 2, 20_000);
  const { body } = await fetchInPool('POST', '/api/v1/users', {
    name: 'ann',
    displayName: 'Ann of the night shift',
    roles: ['operator'],
  });
  return userAnswerSchema.parse(body).setup?.path ?? '';
}

/** How many nodes ran it. */
async function runTool(): Promise<number> {
  const data = { tool: 'disk-use', nodes: ['node-1', 'node-2'], idempotencyKey: toolKey };
  const { status } = await fetchInPool('POST', '/api/v1/actions', data);
  return status === 200 ? 2 : 0;
}

async function fetchInPool(
  method: string,
  path: string,
  data: unknown,
): Promise<{ status: number; body: unknown }> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const headers = { authorization: `Bearer ${token}` };
  const answer = await context.request.fetch(pool.virtualUrl + path, { method, headers, data });
  const [status, body] = [answer.status(), (await answer.json()) as unknown];
  await context.close();
  return { status, body };
}

/** What those see who are not signed in. */
async function picturesOfDoors(context: BrowserContext, file: (name: string) => string): Promise<void> {
  const page = await context.newPage();
  await page.goto(pool.virtualUrl);
  await page.getByLabel('Password').waitFor();
  await page.screenshot({ path: file('sign-in') });
  await page.goto(pool.virtualUrl + setupPath);
  await page.getByLabel('New password').waitFor();
  await page.screenshot({ path: file('setup') });
  await context.close();
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
  await at('/messages?grouped=true');
  await page.locator('.times').first().waitFor();
  await shoot('grouped');
  await at(`/messages/${openId}`);
  await page.getByText('What happened').waitFor();
  await until('the history is there', async () => (await page.locator('.history li').count()) > 3, 5_000);
  await shoot('message');
  await at('/messages?text=DISK');
  await page.getByRole('row').filter({ hasText: 'DISK CRITICAL' }).first().click();
  await page.getByText('Offered by the policy').waitFor();
  await shoot('offered');
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
  await page.getByRole('button', { name: 'Start a drill' }).click();
  await page.getByText('is killed, as a crash would').waitFor();
  await shoot('drill');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await picturesOfNodes(page, at, shoot);
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

async function picturesOfNodes(
  page: Operator['page'],
  at: (address: string) => Promise<void>,
  shoot: (name: string) => Promise<void>,
): Promise<void> {
  await at('/nodes');
  await page.getByText('runs 1 policy').first().waitFor();
  await page.getByText('2 done').first().waitFor();
  await shoot('nodes');
  await page.getByRole('checkbox', { name: 'Select node-1' }).check();
  await page.getByRole('checkbox', { name: 'Select node-2' }).check();
  await page.getByRole('button', { name: 'Run a tool' }).click();
  await page.getByText('How much of a disk is in use').waitFor();
  await shoot('run-a-tool');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'disk-use' }).first().click();
  await page.getByRole('dialog').getByText('node-1').click();
  await page.locator('.output').waitFor();
  await shoot('tool-output');
  await page.getByRole('button', { name: 'Close' }).last().click();
  await at('/nodes?look=groups');
  await page.locator('.node-group summary').first().click();
  await page.getByRole('checkbox', { name: 'Select node-3' }).waitFor();
  await shoot('nodes-by-groups');
}
