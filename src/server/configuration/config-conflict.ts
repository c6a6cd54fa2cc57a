import { differences, differenceText, type Content } from '../../definitions/canonical.ts';
import { placeText, type DefinitionPlace } from '../../model/config.ts';
import { WatchError } from '../../model/errors.ts';

/** What the history says of a definition since somebody saw it. */
export interface Changed {
  readonly by: string;
  readonly atMs: number;
  /** As it was when it was seen; undefined where that is not known. */
  readonly before: Content | null | undefined;
  /** As it is now; null: removed. */
  readonly after: Content | null;
}

const shownMax = 3;

/** What the second of two writers is told: who was first, and what that one changed. */
export function conflictOf(
  place: DefinitionPlace,
  revision: number,
  seen: number,
  changed: Changed | null,
): WatchError {
  const is =
    revision === 0
      ? 'was removed'
      : seen === 0
        ? `is there by now, at revision ${revision}`
        : `is at revision ${revision} now, not at ${seen} any more`;
  const by = changed === null ? '' : `; ${changed.by} ${whatText(changed)}`;
  return new WatchError(
    'WK_CONFLICT',
    `${placeText(place)} ${is}${by}; look at what was changed, and decide again`,
  );
}

function whatText({ before, after }: Changed): string {
  if (after === null) return 'removed it';
  if (before === null || before === undefined) return 'wrote it';
  const found = differences(before, after);
  const shown = found.slice(0, shownMax).map(differenceText).join(', ');
  return found.length > shownMax
    ? `changed ${shown} and ${found.length - shownMax} more`
    : `changed ${shown}`;
}
