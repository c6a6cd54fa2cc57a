import type { JSX } from 'react';
import type { MessageView } from '../../../src/model/api.ts';
import { operationKinds, type OperationKind } from '../../../src/model/operation.ts';
import { useStore } from '../browser/store.ts';
import { ActionButton } from '../parts/action-button.tsx';
import type { IconName } from '../parts/icon.tsx';
import { useMe } from '../session/allowed.ts';
import { texts } from '../texts.ts';
import { clearSelection, selection } from './selection.ts';
import { refusalOf } from './targets.ts';

export const actionIcons: Readonly<Record<OperationKind, IconName>> = {
  acknowledge: 'check',
  unacknowledge: 'undo',
  own: 'person',
  disown: 'leave',
  annotate: 'note',
};

interface Props {
  readonly rows: readonly MessageView[];
  readonly act: (kind: OperationKind) => void;
}

export function BulkBar({ rows, act }: Props): JSX.Element | null {
  const selected = useStore(selection);
  const me = useMe();
  if (selected.size === 0) return null;
  const shown = rows.filter(({ id }) => selected.has(id)).length;
  const chosen = [...selected];
  return (
    <section className="bulk" aria-label={texts.bulk.label}>
      <span className="bulk-count" role="status">
        {texts.bulk.selected(selected.size)}
        {shown < selected.size && <small>{texts.bulk.notShown(selected.size - shown)}</small>}
      </span>
      {operationKinds.map((kind) => (
        <ActionButton
          key={kind}
          label={texts.actions[kind]}
          icon={actionIcons[kind]}
          shortcut={texts.actionKeys[kind]}
          refused={refusalOf(kind, rows, chosen, me)}
          onPress={() => act(kind)}
        />
      ))}
      <button type="button" className="button quiet" onClick={clearSelection}>
        {texts.bulk.clear}
      </button>
    </section>
  );
}
