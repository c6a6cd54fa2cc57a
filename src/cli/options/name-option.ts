import { InvalidArgumentError } from '@commander-js/extra-typings';
import { nameSchema } from '../../model/definitions.ts';

export function nameOption(text: string): string {
  const parsed = nameSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`It ${parsed.error.issues[0]?.message ?? 'is not a name'}.`);
}

export function collectName(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), nameOption(text)];
}
