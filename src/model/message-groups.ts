import { z } from 'zod';
import { messageCountsSchema, messageGroupInfoSchema } from './api.ts';
import { nameSchema } from './definitions.ts';

/**
 * What a pool says of a message group. Messages name their group freely, and none is turned away for it: a group is defined so
 * that people know what it is about, and so that no policy, right or outage is left naming one that was taken away.
 */
export const messageGroupContentSchema = z.strictObject({
  description: z.string().min(1).max(256).optional(),
  /** Whom to tell: a person, a team, a number. */
  contact: z.string().min(1).max(256).optional(),
});

export const messageGroupSchema = z.strictObject({
  /** As messages name it. */
  name: nameSchema,
  ...messageGroupContentSchema.shape,
  changedMs: z.int().min(0),
  by: z.string().max(256),
});
export type MessageGroup = Readonly<z.infer<typeof messageGroupSchema>>;

export const messageGroupViewSchema = z
  .object({
    /** Null: messages without a group. */
    name: z.string().nullable(),
    ...messageGroupInfoSchema.shape,
    /** Of those that whoever asks may see. */
    open: messageCountsSchema.shape.open,
  })
  .meta({ id: 'MessageGroup' });
export type MessageGroupView = z.infer<typeof messageGroupViewSchema>;

/** More names than these are not told: messages can name any number of groups. */
export const undefinedGroupsMax = 1_000;

export const messageGroupsSchema = z.object({
  /** By their names, messages without a group last. */
  groups: z.array(messageGroupViewSchema),
});
