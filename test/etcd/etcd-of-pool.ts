import { z } from 'zod';
import { poolStatus } from '../pool/answers.ts';
import type { RealServer } from '../pool/real-pool.ts';

const statusSchema = z.object({
  coordinator: z.object({
    etcd: z.array(z.object({ name: z.string(), kind: z.string(), state: z.string().nullable() })),
  }),
});

/** `server-1 voter, server-2 learner`, as a server tells it. */
export async function etcdOfPool({ api }: RealServer): Promise<string> {
  const { coordinator } = statusSchema.parse(await api.get('/api/v1/pool', 2_000));
  return coordinator.etcd.map(({ name, state }) => `${name} ${state}`).join(', ');
}

export async function epochOfActing({ api }: RealServer): Promise<number> {
  const { roles } = await poolStatus(api, 2_000);
  return roles.find(({ role }) => role === 'acting')?.epoch ?? 0;
}
