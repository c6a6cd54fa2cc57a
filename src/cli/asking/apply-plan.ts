import { firstPart, type PlannedChange } from '../../definitions/plan-config.ts';
import { isSameContent } from '../../definitions/canonical.ts';
import { codecOf } from '../../definitions/config-kinds.ts';
import { placeText } from '../../model/config.ts';
import { codeOf, errorTable, textOf, WatchError } from '../../model/errors.ts';
import type { Timers } from '../../runtime/clock.ts';
import { sleep } from '../../runtime/timing.ts';
import { changeConfig, readConfig } from './config.ts';
import type { PoolClient } from './pool-client.ts';

/** Attempts in a row that brought nothing forward; an election of the coordinator is over long before. */
const attemptsMax = 8;
const pauseMs = { first: 500, max: 5_000 };

export interface Applying {
  readonly timers: Timers;
  readonly signal: AbortSignal;
  readonly hold: boolean;
  /** Told how many changes are done. */
  readonly onDone: (done: number) => void;
  /** Told why it waits, before it goes on by itself. */
  readonly onPause: (why: string) => void;
}

/**
 * Applies a plan in parts of one transaction each, and goes on after a failure that passes by itself: whether the part that
 * failed was done is read from the pool. A definition that somebody else changed since the plan was made is refused, as at
 * the first attempt. Resolves with how many changes were done, and the last revision; fewer than all when `signal` aborted.
 * Errors: what the server said, with how far it came.
 */
export async function applyPlan(
  client: PoolClient,
  changes: readonly PlannedChange[],
  options: Applying,
): Promise<{ readonly done: number; readonly revision: number | null }> {
  let left: readonly PlannedChange[] = changes;
  let revision: number | null = null;
  for (let failures = 0; left.length > 0 && !options.signal.aborted;) {
    const part = firstPart(left);
    try {
      revision = await changeConfig(client, { changes: part, via: 'config apply', hold: options.hold });
      left = left.slice(part.length);
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures > attemptsMax || !passes(error)) throw withProgress(error, changes.length, left.length);
      options.onPause(textOf(error));
      await sleep(options.timers, Math.min(pauseMs.max, pauseMs.first * 2 ** failures), options.signal);
      const before = left.length;
      left = await stillWanted(client, left);
      if (left.length < before) failures = 0;
    }
    options.onDone(changes.length - left.length);
  }
  return { done: changes.length - left.length, revision };
}

/** Errors that say nothing about what was asked for, and go by themselves. */
function passes(error: unknown): boolean {
  const code = codeOf(error);
  return errorTable[code].retry && code !== 'WK_PENDING' && code !== 'WK_DISK_FULL';
}

/** Without what is there already. The revisions stay those of the plan. */
async function stillWanted(
  client: PoolClient,
  changes: readonly PlannedChange[],
): Promise<readonly PlannedChange[]> {
  const { definitions } = await readConfig(client).catch(() => ({ definitions: null }));
  if (definitions === null) return changes;
  const now = new Map(definitions.map((one) => [placeText(one), one]));
  return changes.filter((change) => {
    const found = now.get(placeText(change));
    const content = found === undefined ? null : codecOf(change.kind).normal(found.content);
    return !isSameContent(content, change.content);
  });
}

function withProgress(error: unknown, total: number, left: number): unknown {
  if (left === total) return error;
  return new WatchError(
    codeOf(error),
    `${textOf(error)} (${total - left} of ${total} changes were applied before)`,
  );
}
