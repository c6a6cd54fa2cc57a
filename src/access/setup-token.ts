import { hash } from 'node:crypto';
import { keys } from '../model/definitions.ts';
import type { Random } from '../runtime/random.ts';

export const setupMs = 24 * 3_600_000;
const pattern = /^wku1\.[A-Za-z0-9_-]{43}$/;

/** The text of a setup link's secret; only its hash is kept. */
export function newSetupToken(random: Random): string {
  return `wku1.${Buffer.from(random.bytes(32)).toString('base64url')}`;
}

/** Null for what is no setup token. */
export function setupTokenKey(text: string): string | null {
  return pattern.test(text) ? keys.setupToken(hash('sha256', text)) : null;
}

/**
 * The secret stands behind `#`: it is sent to nobody, and stands in no log. The name is for whoever keeps passwords, which
 * would not know whose it is.
 */
export function setupPath(token: string, name: string): string {
  return `/setup?name=${encodeURIComponent(name)}#${token}`;
}
