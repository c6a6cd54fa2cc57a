import { z } from 'zod';
import { installationSettingsSchema } from '../model/agent-profile.ts';
import { enrolmentSettingsSchema } from '../model/trust.ts';

/** What can be set for a whole pool, each with what its file may say. */
const settings = {
  enrolment: z.strictObject(enrolmentSettingsSchema.shape),
  installation: installationSettingsSchema,
} as const;

/** Any of them, as the coordinator holds it. */
export const anySettingSchema = z.union([enrolmentSettingsSchema, installationSettingsSchema]);

/** One that fits nothing, and says which there are, for a name that is none. */
export function settingSchema(name: string): z.ZodType {
  if (Object.hasOwn(settings, name)) return settings[name as keyof typeof settings];
  const known = Object.keys(settings).join(', ');
  return z.unknown().refine(() => false, `there is no setting ${name}; there are: ${known}`);
}
