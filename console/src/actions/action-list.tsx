import { useState, type JSX } from 'react';
import type { ActionView } from '../../../src/model/action-api.ts';
import type { ActionState } from '../../../src/model/action.ts';
import { spanText } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { countStates } from './action-state.ts';
import { actionsMax, useOutput, type ActionsNow } from './use-actions.ts';

const t = texts.toolRuns;
const looks: Readonly<Record<ActionState, string>> = {
  asked: 'is-offline',
  running: 'is-risk',
  done: 'is-well',
  failed: 'is-fault',
  'not done': 'is-fault',
  unknown: 'is-risk',
};

export function ActionStateWord({ state }: { readonly state: ActionState }): JSX.Element {
  return (
    <span className={`state ${looks[state]}`}>
      <span className="dot" aria-hidden="true" />
      {t.states[state]}
    </span>
  );
}

/** How many are how far, in one line. */
export function ActionCounts({ actions }: { readonly actions: readonly ActionView[] }): JSX.Element {
  return (
    <span className="action-counts">
      {countStates(actions).map(({ state, number }) => (
        <span key={state} className={`state ${looks[state]}`}>
          <span className="dot" aria-hidden="true" />
          {t.count(number, state)}
        </span>
      ))}
    </span>
  );
}

/** Each node with how far it is; what it printed, live, where one opens it. */
export function ActionList({ now: { actions, isCut, error } }: { readonly now: ActionsNow }): JSX.Element {
  if (actions === null)
    return error === null ? (
      <p className="faint" role="status">
        {t.reading}
      </p>
    ) : (
      <p className="fault-text" role="alert">
        {t.failed(error)}
      </p>
    );
  if (actions.length === 0) return <p className="faint">{t.none}</p>;
  return (
    <div className="action-list">
      <p role="status">
        <ActionCounts actions={actions} />
      </p>
      {actions.map((action) => (
        <ActionItem key={action.id} action={action} isAlone={actions.length === 1} />
      ))}
      {isCut && <p className="faint">{t.more(actionsMax)}</p>}
    </div>
  );
}

function ActionItem({
  action,
  isAlone,
}: {
  readonly action: ActionView;
  readonly isAlone: boolean;
}): JSX.Element {
  const { nodeName, state, because, startedMs, endedMs } = action;
  const [isOpen, setOpen] = useState(isAlone);
  const facts = [
    because,
    startedMs !== null && endedMs !== null && t.took(spanText(Math.max(0, endedMs - startedMs))),
  ].filter((fact) => fact !== false && fact !== '');
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <strong>{nodeName}</strong>
        <ActionStateWord state={state} />
        <span className="faint">{facts.join(' · ')}</span>
      </summary>
      {isOpen && <Output action={action} />}
    </details>
  );
}

function Output({ action: { id, nodeName, cut, final } }: { readonly action: ActionView }): JSX.Element {
  const { pieces, error } = useOutput(id);
  if (error !== null && pieces === null) return <p className="fault-text">{t.failed(error)}</p>;
  if (pieces === null || (pieces.length === 0 && !final)) return <p className="faint">{t.reading}</p>;
  if (pieces.length === 0) return <p className="faint">{t.noOutput}</p>;
  return (
    <>
      {/* Long output scrolls, so the keyboard must reach it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className="output" tabIndex={0} role="region" aria-label={t.output(nodeName)}>
        {pieces.map(({ number, stream, text }) =>
          stream === 'stderr' ? (
            <span key={number} className="is-stderr">
              {text}
            </span>
          ) : (
            text
          ),
        )}
      </pre>
      {cut && <p className="faint">{t.cut}</p>}
    </>
  );
}
