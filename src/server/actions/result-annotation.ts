import type { ActionOrder, ActionReport } from '../../model/action.ts';
import type { OutputPiece } from '../../model/action-api.ts';
import { messageLimits } from '../../model/message.ts';
import type { Operation } from '../../model/operation.ts';
import { derivedId } from './derived-id.ts';

/** What was done about a message, for whoever reads it. The same action makes the same annotation, however often it is told. */
export function resultAnnotation(
  { id, tool, nodeName, by, message }: ActionOrder & { readonly message: string },
  { result, because }: ActionReport & { readonly kind: 'ended' },
  output: readonly OutputPiece[],
  hlc: number,
): Operation {
  const head = `Tool ${tool}, asked by ${by}, on ${nodeName}: ${result} (${because}). Action ${id}`;
  const printed = output.map(({ text }) => text).join('');
  const room = messageLimits.textCharsMax - head.length - 2;
  // What was printed last says most.
  const tail = printed.length > room ? `…${printed.slice(1 - room)}` : printed;
  const text = printed === '' ? head : `${head}\n${tail.trimEnd()}`;
  return {
    id: derivedId(id, 'annotation'),
    message,
    kind: 'annotate',
    by: `tool ${tool}`,
    hlc,
    text: printable(text).slice(0, messageLimits.textCharsMax),
  };
}

/** An annotation holds no control characters but tabs and line breaks, and no half characters. */
function printable(text: string): string {
  const lines = text.toWellFormed().replaceAll('\r\n', '\n');
  // oxlint-disable-next-line no-control-regex
  return lines.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '\ufffd');
}
