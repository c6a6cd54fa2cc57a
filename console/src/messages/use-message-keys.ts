import { useMemo } from 'react';
import type { MessageView } from '../../../src/model/api.ts';
import type { OperationKind } from '../../../src/model/operation.ts';
import { useKeys, type KeyMap } from '../browser/use-keys.ts';
import { addSelected, clearSelection, selection, toggleSelected } from './selection.ts';

interface Options {
  readonly rows: readonly MessageView[];
  readonly cursorId: string | null;
  readonly openId: string | null;
  readonly setCursor: (id: string | null) => void;
  readonly open: (id: string | null) => void;
  readonly act: (kind: OperationKind) => void;
  readonly togglePause: () => void;
  readonly toEnd: (end: 'newest' | 'oldest') => void;
  readonly copyLink: (id: string) => void;
  /** Shows all that say the same, or folds them again. */
  readonly toggleFold: (id: string | null) => void;
}

export function useMessageKeys(options: Options): void {
  const { rows, cursorId, openId, setCursor, open, act, togglePause, toEnd, copyLink, toggleFold } = options;
  const keys = useMemo((): KeyMap => {
    const at = rows.findIndex(({ id }) => id === cursorId);
    const move = (step: number, selecting = false): void => {
      const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
      if (next === undefined) return;
      if (selecting && cursorId !== null) addSelected([cursorId, next.id]);
      setCursor(next.id);
      // Open details go along.
      if (openId !== null) open(next.id);
    };
    const down = (): void => move(1);
    const up = (): void => move(-1);
    return {
      j: down,
      k: up,
      ArrowDown: down,
      ArrowUp: up,
      PageDown: () => move(15),
      PageUp: () => move(-15),
      'Shift+ArrowDown': () => move(1, true),
      'Shift+ArrowUp': () => move(-1, true),
      Home: () => toEnd('newest'),
      End: () => toEnd('oldest'),
      Enter: () => cursorId !== null && open(cursorId),
      x: () => cursorId !== null && toggleSelected(cursorId),
      ' ': () => cursorId !== null && toggleSelected(cursorId),
      Escape: () => {
        if (openId !== null) open(null);
        else if (selection.get().size > 0) clearSelection();
        else setCursor(null);
      },
      a: () => act('acknowledge'),
      u: () => act('unacknowledge'),
      o: () => act('own'),
      d: () => act('disown'),
      n: () => act('annotate'),
      p: togglePause,
      y: () => cursorId !== null && copyLink(cursorId),
      e: () => toggleFold(cursorId),
      '/': () => document.getElementById('search')?.focus(),
    };
  }, [rows, cursorId, openId, setCursor, open, act, togglePause, toEnd, copyLink, toggleFold]);
  useKeys(keys);
}
