import type { RealPool } from '../pool/real-pool.ts';

/** Who says at this moment, by its own grants, that it may act for the role. */
export async function actors(pool: RealPool, role: string): Promise<string[]> {
  const says = await Promise.all(
    pool.servers.map(async ({ name, api }) => {
      const metrics = await api.text('/metrics', 2_000).catch(() => '');
      return metrics.includes(`watchkeeper_role_epoch{role="${role}"}`) ? [name] : [];
    }),
  );
  return says.flat();
}
