import { InvalidArgumentError } from '@commander-js/extra-typings';
import { parseDurationMs } from '../../model/duration.ts';

/** The value of an option that takes a duration, in milliseconds. */
export function durationOption(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null || ms === 0)
    throw new InvalidArgumentError('It must be a duration like 500ms, 30s, 5m, 1h or 7d.');
  return ms;
}
