import { z } from 'zod';
import { nameSchema } from './definitions.ts';
import { handlings } from './operation.ts';
import { selectorSchema } from './rights.ts';

/** Whoever forgets it finds it over some day; what is to be so for good is a policy of service hours. */
const lengthMsMax = 366 * 86_400_000;

/** RFC 3339; the value is in milliseconds. */
const instantSchema = z.iso
  .datetime({ offset: true, error: 'must be a time with its zone, like 2026-11-30T22:00:00+01:00' })
  .transform((text) => Date.parse(text));

/**
 * A time in which messages of some nodes, of some message groups, or of those groups from those nodes, are not worked on as they
 * come. In force for the pool as soon as it is defined, and over by itself; no node gets it.
 */
export const outageSchema = z
  .strictObject({
    kind: z.literal('outage'),
    name: nameSchema,
    ...selectorSchema.shape,
    from: instantSchema,
    /** The first instant that is not in it any more. */
    until: instantSchema,
    handling: z.enum(handlings).default('suppressed'),
    /** For whoever asks at night why nothing came. */
    because: z.string().min(1).max(200),
  })
  .refine(({ nodes, nodeGroups, groups }) => nodes ?? nodeGroups ?? groups, {
    path: ['nodes'],
    message: 'is needed, or nodeGroups or groups: whose messages it is about',
  })
  .refine(({ from, until }) => until > from, { path: ['until'], message: 'must be later than from' })
  .refine(({ from, until }) => until - from <= lengthMsMax, {
    path: ['until'],
    message: 'is more than 366 days after from',
  });
export type Outage = Readonly<z.infer<typeof outageSchema>>;
