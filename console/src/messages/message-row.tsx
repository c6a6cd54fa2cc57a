import { memo, type JSX, type MouseEvent, type PointerEvent } from 'react';
import type { MessageView } from '../../../src/model/api.ts';
import { Icon } from '../parts/icon.tsx';
import { SeverityChip } from '../parts/severity-chip.tsx';
import type { Times } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { figure } from '../texts/many.ts';

export interface RowProps {
  readonly message: MessageView;
  readonly at: number;
  readonly topPx: number;
  /** How many messages the row stands for; 1: itself alone. */
  readonly number: number;
  readonly isSelected: boolean;
  readonly hasCursor: boolean;
  readonly isOpened: boolean;
  readonly pending: 'sending' | 'unknown' | null;
  readonly times: Times;
  /** Of the day that is shown as times only. */
  readonly nowMs: number;
  readonly onPress: (message: MessageView, event: MouseEvent) => void;
  readonly onSelect: (message: MessageView, event: MouseEvent) => void;
  /** Shows all that the row stands for. */
  readonly onUnfold: (message: MessageView) => void;
}

export const rowId = (id: string): string => `message-${id}`;

export const MessageRow = memo((props: RowProps): JSX.Element => {
  const { message, at, topPx, number, isSelected, hasCursor, isOpened, pending, times, nowMs } = props;
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
        {/* No input of the browser's: with forty rows of them scrolling costs a fifth more. Keys select with x. */}
        {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events */}
        <span
          className="box"
          role="checkbox"
          tabIndex={-1}
          aria-label={texts.messages.selectOne(text.slice(0, 80))}
          aria-checked={isSelected}
          onClick={(event) => {
            event.stopPropagation();
            props.onSelect(message, event);
          }}
        />
      </div>
      <div role="gridcell" className="cell-severity">
        <SeverityChip severity={severity} />
      </div>
      <div
        role="gridcell"
        className="cell-time"
        // Only for who points at it: formatting it for each row that comes into view costs a millisecond a frame.
        onPointerEnter={(event: PointerEvent<HTMLElement>) => {
          event.currentTarget.title = times.full(createdMs);
        }}
      >
        {times.short(createdMs, nowMs)}
      </div>
      <div role="gridcell" className="cell-node" title={nodeName}>
        {nodeName}
      </div>
      <div role="gridcell" className="cell-about" title={aboutOf(message)}>
        {aboutOf(message)}
      </div>
      <div role="gridcell" className="cell-text" title={text}>
        {number > 1 && <Number number={number} unfold={() => props.onUnfold(message)} />}
        {text}
      </div>
      <div role="gridcell" className={owner === null ? undefined : 'cell-owner'} title={owner ?? undefined}>
        {owner}
      </div>
      <div role="gridcell" className="cell-state">
        <StateMarks message={message} pending={pending} />
      </div>
    </div>
  );
});

function Number({ number, unfold }: { readonly number: number; readonly unfold: () => void }): JSX.Element {
  return (
    <button
      type="button"
      className="times"
      tabIndex={-1}
      aria-label={texts.messages.unfold(number)}
      title={texts.messages.unfold(number)}
      onClick={(event) => {
        event.stopPropagation();
        unfold();
      }}
    >
      ×{figure(number)}
    </button>
  );
}

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
