import { z } from 'zod';
import { messageCountsSchema } from './api.ts';

/** What the overview asks: what is open where, how that came to be, and which nodes came and went. */

/** So many steps, each of so many parts of five minutes. */
export const overviewSpans = {
  '1h': { number: 12, parts: 1 },
  '6h': { number: 24, parts: 3 },
  '24h': { number: 24, parts: 12 },
} as const;
export type OverviewSpan = keyof typeof overviewSpans;

export const overviewQuerySchema = z.strictObject({
  span: z.enum(['1h', '6h', '24h']).default('1h'),
});

const counts = messageCountsSchema.shape.open;

export const openStepSchema = z.object({
  fromMs: z.int(),
  toMs: z.int(),
  /** At its end, by severity; one that was opened again counts as open all along. */
  open: counts,
  /** Stored by the pool within it, whatever became of them. */
  arrived: counts,
  /** Within it, and not opened again since. */
  acknowledged: counts,
});
export type OpenStep = z.infer<typeof openStepSchema>;

/** A node or a group of messages. */
export const worstPlaceSchema = z.object({
  /** Null: messages without a group. */
  name: z.string().nullable(),
  open: counts,
});
export type WorstPlace = z.infer<typeof worstPlaceSchema>;

export const worstPlacesMax = 8;
/** Of these at most the names are told. */
export const nodeChangesMax = 20;

const changedNodes = z.object({
  number: z.int(),
  /** The latest first, at most twenty. */
  latest: z.array(z.object({ name: z.string(), atMs: z.int(), server: z.string().nullable() })),
});

export const overviewSchema = z
  .object({
    /** Every five, fifteen or sixty minutes, the oldest first. */
    steps: z.array(openStepSchema),
    /** From when on that is known, for a caller who may see only some of the messages; null: all of it. */
    sinceMs: z.int().nullable(),
    /** The worst first, by their open messages of the highest severity; at most eight. */
    nodes: z.array(worstPlaceSchema),
    groups: z.array(worstPlaceSchema),
    /** Within the last hour: nodes that connected, and those that are away since. */
    nodesCame: changedNodes,
    nodesWent: changedNodes,
  })
  .meta({ id: 'Overview' });
export type Overview = z.infer<typeof overviewSchema>;
