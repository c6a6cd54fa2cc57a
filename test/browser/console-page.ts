import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { RealPool } from '../pool/real-pool.ts';

export interface Operator {
  readonly page: Page;
  /** Errors of scripts, and what the content security policy refused: there may be none. */
  readonly faults: string[];
  close(): Promise<void>;
}

/** Also of what the script catches itself, of which the browser's own log says nothing. */
const violationsScript = `addEventListener('securitypolicyviolation', (event) =>
  console.error('Content Security Policy: ' + event.violatedDirective + ' by ' + event.sourceFile + ':' + event.lineNumber))`;

let tokens = 0;

/** A token with these roles, made as an administrator would. */
export function makeToken(pool: RealPool, role = 'administrator'): Promise<string> {
  tokens += 1;
  const config = pool.servers[0]?.config ?? '';
  return pool.command('token', 'create', '--name', `operator-${tokens}`, '--role', role, '--config', config);
}

/** Somebody in front of the console, in a browser window of their own, signed in with a token. */
export async function openConsole(
  browser: Browser,
  {
    url,
    token,
    path = '/messages',
    ...options
  }: { url: string; token: string; path?: string } & BrowserContextOptions,
): Promise<Operator> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 1440, height: 900 },
    timezoneId: 'UTC',
    ...options,
  });
  const page = await context.newPage();
  await page.addInitScript({ content: violationsScript });
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy|Warning:/.test(message.text())) faults.push(message.text());
  });
  await page.goto(`${url}${path}#token=${token}`);
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  return { page, faults, close: () => context.close() };
}
