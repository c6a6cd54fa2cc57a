import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import type { MessageFilter } from '../../model/api.ts';
import { messageStates, type MessageState } from '../../model/operation.ts';
import { severities, type Severity } from '../../model/severity.ts';
import { WatchError } from '../../model/errors.ts';
import { localZone, parseTimeMs } from '../terminal/times.ts';

export interface FilterOptions {
  readonly severity?: Severity;
  readonly node?: string;
  readonly group?: string;
  readonly key?: string;
  readonly text?: string;
  readonly state?: MessageState;
  readonly since?: string;
}

export const filterOptions = {
  severity: new Option('--severity <SEVERITY>', 'this severity or worse').choices(severities),
  node: new Option('--node <NAME>', 'of this node, by name or core ID'),
  group: new Option('--group <GROUP>', 'of this group'),
  key: new Option('--key <KEY>', 'with this key'),
  text: new Option('--text <PART>', 'with this in its text, letter case ignored'),
  state: new Option('--state <STATE>', 'in this state').choices(messageStates),
  since: new Option('--since <TIME>', 'made since then: 15m, 2026-11-21, 2026-11-21T09:30, RFC 3339'),
} as const;

export function filterOf(options: FilterOptions, nowMs: number): MessageFilter {
  const { severity, node, group, key, text, state, since } = options;
  const sinceMs = since === undefined ? undefined : parseTimeMs(since, nowMs, localZone());
  if (sinceMs === null)
    throw new WatchError(
      'WK_BAD_REQUEST',
      `--since ${since} is not a time; write 15m, 2026-11-21 or 2026-11-21T09:30`,
    );
  const all = { severity, node, group, key, text, state, sinceMs };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

export function limitOption(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1_000_000) return limit;
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000000.');
}
