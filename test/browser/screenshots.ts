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
  await at('/');
  await page.waitForTimeout(1_500);
  await shoot('overview');
  await at('/messages');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await shoot('keys');
}
