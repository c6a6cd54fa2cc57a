import type { Message } from '../model/message.ts';
import type { Severity } from '../model/severity.ts';
import type { NodeFacts } from './system-reference.ts';

/** What rules look at. What is empty or missing matches no condition that asks for it. */
export interface MessageFacts {
  readonly severity: Severity;
  readonly node: NodeFacts;
  readonly application?: string | undefined;
  readonly group?: string | undefined;
  readonly object?: string | undefined;
  readonly messageType?: string | undefined;
  readonly text: string;
  readonly service?: string | undefined;
}

/** Of condition status variables that were switched; the others are as the policy declares them. */
export type StatusVariables = Readonly<Record<string, boolean>>;

/** What rules see of a message; its type and its service stand in attributes of these names. */
export function factsOfMessage(message: Omit<Message, 'id' | 'createdMs'>, node: NodeFacts): MessageFacts {
  const { severity, application, group, object, text, attributes } = message;
  return {
    severity,
    node,
    application,
    group,
    object,
    messageType: attributes?.['type'],
    text,
    service: attributes?.['service'],
  };
}
