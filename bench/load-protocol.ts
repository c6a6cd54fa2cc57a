import { z } from 'zod';

export const loadRunSchema = z.object({
  url: z.string(),
  /** Data folder of the agent that it is, as `agent join` left it. */
  data: z.string(),
  name: z.string(),
  count: z.number(),
  /** Where the numbers of the messages begin, so that each run's are its own. */
  first: z.number(),
});
export type LoadRun = z.infer<typeof loadRunSchema>;

export const loadResultSchema = z.object({
  /** Milliseconds since 1970, with fractions, so that runs of several processes can be put together. */
  startedMs: z.number(),
  endedMs: z.number(),
  stored: z.number(),
  /** Batches whose first answer said fewer copies than wanted. */
  atRisk: z.number(),
});
export type LoadResult = z.infer<typeof loadResultSchema>;
