import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { RealPool } from '../pool/real-pool.ts';
import { launch } from './chromium.ts';
import { makeToken, openConsole, type Operator } from './console-page.ts';

/** A pool with a browser in front of it, and an administrator's token. */
export interface ConsolePlace {
  readonly pool: RealPool;
  readonly browser: Browser;
  readonly token: string;
}

let shared: Promise<ConsolePlace> | null = null;

/** One pool for all tests of pages, since making one takes as long as many of these. They leave things behind for the next. */
export function sharedPlace(): Promise<ConsolePlace> {
  shared ??= (async () => {
    const pool = await RealPool.start({ servers: 1, agents: 2 });
    return { pool, browser: await launch(), token: await makeToken(pool) };
  })();
  return shared;
}

export async function endSharedPlace(): Promise<void> {
  if (shared === null) return;
  const { browser, pool } = await shared;
  await browser.close();
  await pool[Symbol.asyncDispose]();
}

export type ConsoleOptions = Partial<Parameters<typeof openConsole>[1]>;

/** Somebody at that address, who is gone when the body has ended; scripts and policies may not have complained. */
export async function inConsole(
  { pool, browser, token }: ConsolePlace,
  options: ConsoleOptions,
  body: (operator: Operator) => Promise<void>,
): Promise<void> {
  const operator = await openConsole(browser, { url: pool.virtualUrl, token, ...options });
  try {
    await body(operator);
    assert.deepEqual(operator.faults, []);
  } finally {
    await operator.close();
  }
}
