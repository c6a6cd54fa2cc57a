import { z } from 'zod';
import type { RealServer } from '../pool/real-pool.ts';

const doubtSchema = z.object({ coordinator: z.object({ doubt: z.string().nullable() }) });

/** Why a server asks for a confirmation of its coordinator; null when it does not. */
export async function doubtOf(server: RealServer): Promise<string | null> {
  return doubtSchema.parse(await server.api.get('/api/v1/pool', 2_000)).coordinator.doubt;
}
