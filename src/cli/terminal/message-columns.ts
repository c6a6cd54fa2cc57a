import type { MessageView } from '../../model/api.ts';
import type { MessageState } from '../../model/operation.ts';
import { safeText } from './safe-text.ts';
import type { Style } from './style.ts';
import type { Column } from './table.ts';
import { ageText, localTimeText } from './times.ts';

/** How lists show a message: when, how bad, where, what. The text comes last, since it is what may be cut. */
export function messageColumns(style: Style, nowMs: number): Column<MessageView>[] {
  return [
    { title: 'ID', value: ({ id }) => id },
    { title: 'AGE', align: 'right', value: ({ createdMs }) => ageText(createdMs, nowMs) },
    { title: 'SEVERITY', value: ({ severity }) => style.severity(severity) },
    { title: 'STATE', value: stateText },
    { title: 'NODE', value: ({ nodeName }) => safeText(nodeName) },
    { title: 'TEXT', value: (message) => whatText(message) },
  ];
}

/** How many say the same, in the state that is listed. */
export function numberColumn(state: MessageState | undefined): Column<MessageView> {
  const numberOf = ({ same }: MessageView): number => {
    if (same === undefined) return 1;
    return state === undefined ? same.open + same.acknowledged : same[state];
  };
  return { title: 'NUMBER', align: 'right', value: (message) => `${numberOf(message)}` };
}

/** One message on one line, for lists that never end: no column can know how wide it will have to be. */
export function messageLine(message: MessageView, style: Style, zone: string): string {
  const { id, createdMs, severity, nodeName } = message;
  const start = `${localTimeText(createdMs, zone)}  ${style.severity(severity)}`;
  return `${start}  ${safeText(nodeName)}  ${whatText(message)}  [${stateText(message)}]  ${style.paint('dim', id)}\n`;
}

function stateText({ state, owner }: MessageView): string {
  return owner === null ? state : `${state}, ${safeText(owner)}`;
}

function whatText({ application, object, text }: MessageView): string {
  const what = [application, object].filter((part) => part).join('/');
  return safeText(what === '' ? text : `${what}: ${text}`);
}
