import { z } from 'zod';
import { messageDraftSchema } from '../../model/message.ts';
import { agentStatusSchema } from '../agent-status.ts';

/** A message of the greatest size as JSON with every character escaped stays below this. */
export const localLineBytesMax = 1_048_576;

/** Requests that one connection may have unanswered; more are refused as WK_OVERLOADED. */
export const localUnansweredMax = 2_000;

/** One line each way, answered in the order of asking, so that a client may send on without waiting. */
export const localRequestSchema = z.union([
  z.strictObject({ send: messageDraftSchema }),
  z.strictObject({ status: z.literal(true) }),
]);

export const localAnswerSchema = z.union([
  /** The message is on disk under this ID. */
  z.object({ accepted: z.uuidv7() }),
  z.object({ status: agentStatusSchema }),
  z.object({ error: z.object({ code: z.string(), text: z.string() }) }),
]);
export type LocalAnswer = z.infer<typeof localAnswerSchema>;

export function agentSocketPath(data: string): string {
  return `${data}/agent.sock`;
}
