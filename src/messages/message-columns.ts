import type { Message } from '../model/message.ts';
import { severities } from '../model/severity.ts';
import { uuidText } from '../model/uuid.ts';

/** The columns of a row that hold the message as its source made it. */
export interface MessageColumns {
  readonly id: Uint8Array;
  readonly severity: number;
  readonly createdMs: number;
  readonly text: string;
  readonly application: string | null;
  readonly object: string | null;
  readonly messageGroup: string | null;
  readonly key: string | null;
  readonly source: string | null;
  readonly attributes: string | null;
}

export function messageOf(row: MessageColumns): Message {
  return {
    id: uuidText(row.id),
    createdMs: row.createdMs,
    severity: severities[row.severity] ?? 'unknown',
    text: row.text,
    ...(row.application !== null && { application: row.application }),
    ...(row.object !== null && { object: row.object }),
    ...(row.messageGroup !== null && { group: row.messageGroup }),
    ...(row.key !== null && { key: row.key }),
    ...(row.source !== null && { source: row.source }),
    ...(row.attributes !== null && { attributes: JSON.parse(row.attributes) as Record<string, string> }),
  };
}
