import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser } from 'playwright-core';

/** Where Debian puts it; null where there is none. */
export function chromiumPath(): string | null {
  const folders = (process.env['PATH'] ?? '').split(':');
  const found = folders
    .map((folder) => path.join(folder, 'chromium'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        // Not in this folder, or not to be run.
        return false;
      }
    });
  return found ?? null;
}

/** False, or why the tests are skipped. */
export const noChromium = chromiumPath() === null ? 'chromium is not installed' : false;

export function launch(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Error('chromium is not installed: apt-get install chromium');
  // Its own sandbox needs what containers and root do not have; the pages are ours.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
