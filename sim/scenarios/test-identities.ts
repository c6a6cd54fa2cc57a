import { TestPool } from '../../src/security/test-pool.ts';
import { epochMs } from '../world/clock.ts';

const serversMax = 12;

/** Real certificates take time to make and must not differ in what the simulation sees: made once, for fixed IDs. */
const pool = await TestPool.make();
export const poolId = '00000000-0000-4000-8000-000000000000';

export function serverId(number: number): string {
  return `00000000-0000-4000-8000-0000000001${String(number).padStart(2, '0')}`;
}

export function nodeId(number: number): string {
  return `00000000-0000-4000-8000-0000000002${String(number).padStart(2, '0')}`;
}

const files = await Promise.all(
  Array.from({ length: serversMax }, async (_, i) => {
    const identity = { pool: poolId, kind: 'server', coreId: serverId(i + 1) } as const;
    const { keyPem, certificatePem, authorityPems } = await pool.credentials(identity, epochMs);
    return [keyPem, certificatePem, ...authorityPems].map((pem) => `${pem.trim()}\n`).join('');
  }),
);

export function identityFileOf(number: number): string {
  return files[number - 1] ?? '';
}
