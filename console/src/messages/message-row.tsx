import { memo, type JSX, type MouseEvent } from 'react';
import type { MessageView } from '../../../src/model/api.ts';
import { Icon } from '../parts/icon.tsx';
import { SeverityChip } from '../parts/severity-chip.tsx';
import type { Times } from '../settings/times.ts';
import { texts } from '../texts.ts';

export interface RowProps {
  readonly message: MessageView;
  readonly at: number;
  readonly topPx: number;
  readonly isSelected: boolean;
  readonly hasCursor: boolean;
  readonly isOpened: boolean;
  readonly pending: 'sending' | 'unknown' | null;
  readonly times: Times;
  /** Of the day that is shown as times only. */
  readonly nowMs: number;
  readonly onPress: (message: MessageView, event: MouseEvent) => void;
  readonly onSelect: (message: MessageView, event: MouseEvent) => void;
}

export const rowId = (id: string): string => `message-${id}`;

export const MessageRow = memo((props: RowProps): JSX.Element => {
  const { message, at, topPx, isSelected, hasCursor, isOpened, pending, times, nowMs } = props;
  const { id, severity, text, nodeName, owner, createdMs, state } = message;
  const classes = [
    'row',
    `row-${severity}`,
    state === 'acknowledged' && 'is-done',
    hasCursor && 'has-cursor',
  ];
  return (
    <div
      role="row"
      id={rowId(id)}
      aria-rowindex={at + 2}
      aria-selected={isSelected}
      className={[...classes, isSelected && 'is-selected', isOpened && 'is-opened'].filter(Boolean).join(' ')}
      // Set as a property by script, which the content security policy allows.
      style={{ transform: `translateY(${topPx}px)` }}
      onClick={(event) => props.onPress(message, event)}
    >
      <div role="gridcell" className="cell-select">
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={texts.messages.selectOne(text.slice(0, 80))}
          checked={isSelected}
          readOnly
          onClick={(event) => {
            event.stopPropagation();
            props.onSelect(message, event);
          }}
        />
      </div>
      <div role="gridcell" className="cell-severity">
        <SeverityChip severity={severity} />
      </div>
      <div role="gridcell" className="cell-time" title={times.full(createdMs)}>
        {times.short(createdMs, nowMs)}
      </div>
      <div role="gridcell" className="cell-node" title={nodeName}>
        {nodeName}
      </div>
      <div role="gridcell" className="cell-about" title={aboutOf(message)}>
        {aboutOf(message)}
      </div>
      <div role="gridcell" className="cell-text" title={text}>
        {text}
      </div>
      <div role="gridcell" className="cell-owner" title={owner ?? undefined}>
        {owner}
      </div>
      <div role="gridcell" className="cell-state">
        <StateMarks message={message} pending={pending} />
      </div>
    </div>
  );
});

function StateMarks({ message, pending }: Pick<RowProps, 'message' | 'pending'>): JSX.Element {
  const { annotations, state } = message;
  return (
    <>
      {pending !== null && (
        <span
          className={`pending is-${pending}`}
          role="img"
          aria-label={pending === 'sending' ? texts.messages.sending : texts.messages.unknownOutcome}
        />
      )}
      {annotations > 0 && (
        <span className="mark" title={texts.messages.annotations(annotations)}>
          <Icon name="note" />
          {annotations}
        </span>
      )}
      {state === 'acknowledged' && (
        <span className="mark" title={texts.messages.states.acknowledged}>
          <Icon name="check" />
          <span>{texts.messages.acknowledgedShort}</span>
        </span>
      )}
    </>
  );
}

export function aboutOf({ group, application, object }: MessageView): string {
  return [...new Set([group, application, object])].filter((part) => part !== undefined).join(' · ');
}
