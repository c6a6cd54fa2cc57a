import type { ActionOrder, ActionReport } from '../../model/action.ts';
import type { OutputPiece } from '../../model/action-api.ts';
import { messageLimits } from '../../model/message.ts';
import type { Operation } from '../../model/operation.ts';
import type { Uuid } from '../../model/uuid.ts';
import { derivedId } from './derived-id.ts';

/** A message as it is: core ID of its node, null where it is not here; its state, 0 while nobody and nothing has set it. */
export interface MessageNow {
  readonly node: Uuid | null;
  readonly isOpen: boolean;
  readonly stateHlc: number;
}

type About = ActionOrder & { readonly message: string };
type Ended = ActionReport & { readonly kind: 'ended' };

/**
 * What was done about a message, for whoever reads it. The same action makes the same annotation, however often it is told. Who
 * may see the message need not see another node than its own: what was done there is read in the action itself.
 */
export function resultAnnotation(
  order: About,
  nodeOfMessage: Uuid | null,
  { result, because }: Ended,
  output: readonly OutputPiece[],
  hlc: number,
): Operation {
  const { id, node, nodeName, message } = order;
  const isThere = node === nodeOfMessage;
  const head = `${saidOf(order)} on ${isThere ? nodeName : 'another node'}: ${result} (${because}). Action ${id}`;
  const printed = isThere ? output.map(({ text }) => text).join('') : '';
  const room = messageLimits.textCharsMax - head.length - 2;
  // What was printed last says most.
  const tail = printed.length > room ? `…${printed.slice(1 - room)}` : printed;
  const text = printed === '' ? head : `${head}\n${tail.trimEnd()}`;
  return {
    id: derivedId(id, 'annotation'),
    message,
    kind: 'annotate',
    by: doneBy(order),
    hlc,
    text: printable(text).slice(0, messageLimits.textCharsMax),
  };
}

/**
 * Where the policy wants it and the action ended well. An automatic one leaves alone what anybody has set meanwhile; what
 * a person asked for counts for as long as the message is open.
 */
export function acknowledgement(order: About, { result }: Ended, now: MessageNow, hlc: number): Operation[] {
  const { id, message, policy } = order;
  const isTouched = policy?.kind === 'automatic' && now.stateHlc > 0;
  if (policy?.acknowledge !== true || result !== 'done' || !now.isOpen || isTouched) return [];
  return [{ id: derivedId(id, 'acknowledge'), message, kind: 'acknowledge', by: doneBy(order), hlc }];
}

/** Why an action that a policy wants was not even asked for. The same message gives the same annotation. */
export function refusalAnnotation(
  action: string,
  {
    message,
    policy,
    because,
  }: { readonly message: string; readonly policy: string; readonly because: string },
  hlc: number,
): Operation {
  const text = printable(`Automatic action of policy ${policy} was not begun: ${because}`);
  return {
    id: derivedId(action, 'annotation'),
    message,
    kind: 'annotate',
    by: `policy ${policy}`,
    hlc,
    text: text.slice(0, messageLimits.textCharsMax),
  };
}

function doneBy({ tool, policy }: About): string {
  return policy === undefined ? `tool ${tool}` : `policy ${policy.name}`;
}

function saidOf({ tool, by, policy }: About): string {
  if (policy === undefined) return `Tool ${tool}, asked by ${by},`;
  const what = tool === policy.name ? `of policy ${policy.name}` : `${tool} of policy ${policy.name}`;
  return policy.kind === 'automatic' ? `Automatic action ${what}` : `Action ${what}, asked by ${by},`;
}

/** An annotation holds no control characters but tabs and line breaks, and no half characters. */
function printable(text: string): string {
  const lines = text.toWellFormed().replaceAll('\r\n', '\n');
  // oxlint-disable-next-line no-control-regex
  return lines.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '\ufffd');
}
